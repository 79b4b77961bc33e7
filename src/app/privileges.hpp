#pragma once

#include <string>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "os/accounts.hpp"

/// From the rights of the start to those of the configured user.
namespace pulse2::app {

/// Opens log files from now on such that the user and group of the configuration can go on with
/// them: as that account where it may, else as root, giving the file to it. Does nothing when the
/// process is not root or stays root.
[[nodiscard]] base::Expected<void> open_logs_for(const config::Daemon& daemon);

/// Creates the folder for durable state, 0700 and of the configured user, when its parent exists.
[[nodiscard]] base::Expected<void> make_state_folder(const std::string& path,
                                                     const config::Daemon& daemon);

/// Whether the user that this process has become may write there; the error says what to do.
[[nodiscard]] base::Expected<void> check_state_folder(const std::string& path);

/// As root: becomes the configured user and group, for good. Programs that are run later get no
/// rights that this process was given beyond its user's (ambient capabilities).
[[nodiscard]] base::Expected<void> drop_privileges(const config::Daemon& daemon);

/// Memory holds passwords and private keys: without `allowed` no core dump is made of it, and
/// other processes of the user can't look into it.
void set_core_dumps(bool allowed);

}  // namespace pulse2::app
