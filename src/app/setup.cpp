#include "app/setup.hpp"

#include <unistd.h>

#include <iostream>
#include <string>

#include "app/command_line.hpp"
#include "imaging/layout.hpp"
#include "os/accounts.hpp"

namespace pulse2::app {
namespace {

int setup_failure(const std::string& what) {
  std::cerr << "pulse2-package-server setup: " << what << '\n';
  return k_exit_failure;
}

/// As root: the server, which runs as this account, has to write there.
base::Expected<void> give_to(const std::string& folder, const config::Daemon& daemon) {
  if (!os::is_root()) return {};
  const auto account = os::find_account(daemon.user, daemon.group);
  if (!account) return tl::unexpected(account.error());
  if (chown(folder.c_str(), account->user, account->group) == 0) return {};
  return tl::unexpected(base::errno_error(errno, folder));
}

}  // namespace

int create_folders(const config::Loaded& loaded) {
  for (const auto& error : loaded.errors)
    std::cerr << error.to_text() << '\n';
  if (!loaded.ok()) return setup_failure("nothing was made: correct the configuration first");
  const config::Settings& settings = loaded.settings;
  if (!settings.imaging_api) {
    return setup_failure("imaging is off: set uuid in section [imaging_api] first");
  }
  const auto made = imaging::make_folders(*settings.imaging_api);
  if (!made) return setup_failure(made.error().for_operator());
  for (const std::string& folder : *made) {
    if (const auto given = give_to(folder, settings.daemon); !given) {
      return setup_failure(given.error().for_operator());
    }
    std::cout << "made " << folder << '\n';
  }
  const auto missing = imaging::missing_parts(*settings.imaging_api);
  for (const std::string& each : missing)
    std::cout << "still missing: " << each << '\n';
  if (missing.empty()) std::cout << "imaging has all that it needs\n";
  return 0;
}

}  // namespace pulse2::app
