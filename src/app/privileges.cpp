#include "app/privileges.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "log/log.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::app {
namespace {

using base::Expected;

tl::unexpected<base::Error> system_failure(std::string_view what) {
  return tl::unexpected(base::errno_error(errno, what));
}

/// Opens a log that only root may open and gives it to the account. Whoever may change the folder
/// could have put another name of any file there: such a file stays untouched.
Expected<os::UniqueFd> open_as_root(const std::string& path, int flags,
                                    const os::Account& account) {
  auto file = os::open_file(path, (flags & ~O_TRUNC) | O_NOFOLLOW);
  if (!file) return file;
  struct ::stat status {};
  if (fstat(file->get(), &status) != 0) return system_failure(path);
  if (!S_ISREG(status.st_mode)) return file;
  if (status.st_nlink != 1) {
    return base::fail(base::ErrorKind::permission_denied,
                      path + ": the file has other names, too; it is not written to as root");
  }
  if (fchown(file->get(), account.user, account.group) != 0) return system_failure(path);
  if ((flags & O_TRUNC) != 0 && ftruncate(file->get(), 0) != 0) return system_failure(path);
  return file;
}

Expected<os::UniqueFd> open_for(const std::string& path, int flags, const os::Account& account) {
  {
    const os::ActingAs user(account);
    if (!user.outcome()) return tl::unexpected(user.outcome().error());
    auto file = os::open_file(path, flags);
    if (file || file.error().kind != base::ErrorKind::permission_denied) return file;
  }
  return open_as_root(path, flags, account);
}

}  // namespace

Expected<void> open_logs_for(const config::Daemon& daemon) {
  if (!os::is_root()) return {};
  auto account = os::find_account(daemon.user, daemon.group);
  if (!account) return tl::unexpected(std::move(account).error());
  if (account->is_root()) return {};
  log::open_files_with([account = *std::move(account)](const std::string& path, int flags) {
    return open_for(path, flags, account);
  });
  return {};
}

Expected<void> make_state_folder(const std::string& path, const config::Daemon& daemon) {
  if (mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return system_failure("[main] state_dir " + path);
  }
  if (!os::is_root()) return {};
  const auto account = os::find_account(daemon.user, daemon.group);
  if (!account) return tl::unexpected(account.error());
  if (chown(path.c_str(), account->user, account->group) != 0) return system_failure(path);
  return {};
}

Expected<void> check_state_folder(const std::string& path) {
  if (access(path.c_str(), R_OK | W_OK | X_OK) == 0) return {};
  return base::fail(base::ErrorKind::permission_denied,
                    "[main] state_dir " + path + ": user " + os::user_name() +
                        " may not write to it; give it and what is in it to that user");
}

Expected<void> drop_privileges(const config::Daemon& daemon) {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  if (!os::is_root()) return {};
  const auto account = os::find_account(daemon.user, daemon.group);
  if (!account) return tl::unexpected(account.error());
  if (account->is_root()) return {};
  log::open_files_with(nullptr);
  return os::become(*account);
}

void set_core_dumps(bool allowed) {
  prctl(PR_SET_DUMPABLE, allowed ? 1 : 0, 0, 0, 0);
}

}  // namespace pulse2::app
