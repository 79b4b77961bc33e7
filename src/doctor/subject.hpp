#pragma once

#include <optional>
#include <string>

#include "config/load.hpp"
#include "os/accounts.hpp"

namespace pulse2::doctor {

/// What is examined: a configuration without mistakes, on this machine.
struct Subject {
  const config::Loaded& loaded;
  std::string public_host;             ///< of the URLs that clients get
  std::optional<os::Account> account;  ///< whose rights are looked at; nothing: those we have
  bool server_runs = false;            ///< one of ours answers at the configured port

  [[nodiscard]] const config::Settings& settings() const noexcept { return loaded.settings; }
};

/// Whether a running server can read the file again, after it has become the configured user.
[[nodiscard]] bool is_readable_later(const Subject& subject, const std::string& path);

/// Finds out what probes share.
[[nodiscard]] Subject make_subject(const config::Loaded& loaded);

}  // namespace pulse2::doctor
