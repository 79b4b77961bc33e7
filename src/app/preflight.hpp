#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "config/load.hpp"
#include "net/tls.hpp"
#include "os/file.hpp"

namespace pulse2::app {

/// The files of section [ssl] at one moment, so that a later one can tell whether they changed.
struct TlsFiles {
  net::TlsSettings settings;
  std::vector<os::FileStatus> status;  ///< of certificate and key
};

/// What was found out about this machine before the server starts.
struct Preflight {
  std::vector<std::string> errors;             ///< one line each; the server starts without any
  std::vector<std::string> warnings;           ///< one line each
  std::shared_ptr<const net::TlsContext> tls;  ///< null without [ssl] enablessl
  TlsFiles tls_files;                          ///< those that `tls` was made from
  std::string public_host;                     ///< for URLs given to clients
};

/// The package trees that this machine does not have: a `src` that is no folder or can't be read.
[[nodiscard]] std::vector<config::Diagnostic> source_mistakes(const config::Loaded& loaded);

/// For a running server: the text of an error, and why a file that could be read at the start can't
/// be read any more.
[[nodiscard]] std::string explain_lost_rights(const base::Error& error);

/// Checks what the configuration's text can't tell: certificates, user and group. Goes on
/// after an error, so that all of them are listed at once. `running`: what a running server found;
/// its certificate stays in use when the files are the same but can't be read any more, because the
/// server gave up the rights of its start.
[[nodiscard]] Preflight check_machine(const config::Settings& settings,
                                      const Preflight* running = nullptr);

}  // namespace pulse2::app
