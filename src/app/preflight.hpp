#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "net/tls.hpp"

namespace pulse2::app {

/// What was found out about this machine before the server starts.
struct Preflight {
  std::vector<std::string> errors;             ///< one line each; the server starts without any
  std::vector<std::string> warnings;           ///< one line each
  std::shared_ptr<const net::TlsContext> tls;  ///< null without [ssl] enablessl
  std::string public_host;                     ///< for URLs given to clients
};

/// Checks what the configuration's text can't tell: folders, certificates, user and group. Goes on
/// after an error, so that all of them are listed at once.
[[nodiscard]] Preflight check_machine(const config::Settings& settings);

}  // namespace pulse2::app
