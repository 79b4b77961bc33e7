#include "app/daemon.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>

#include "app/command_line.hpp"
#include "os/file.hpp"

namespace pulse2::app {
namespace {

using base::Expected;

/// First byte of a report; a pipe that ends without one means that the daemon died.
constexpr char k_report_success = '+';
constexpr char k_report_failure = '-';

tl::unexpected<base::Error> system_failure(std::string_view what) {
  return tl::unexpected(base::errno_error(errno, what));
}

/// In the process that was started in the shell.
int await_report(int pipe, pid_t child) {
  std::string report;
  std::array<char, 512> buffer{};
  for (;;) {
    const ssize_t got = read(pipe, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    report.append(buffer.data(), static_cast<std::size_t>(got));
  }
  waitpid(child, nullptr, 0);
  if (!report.empty() && report.front() == k_report_success) return 0;
  const std::string reason =
      report.empty() ? "the server ended before it listened" : report.substr(1);
  std::cerr << "pulse2-package-server: " << reason << '\n';
  return k_exit_failure;
}

Expected<void> redirect_standard_streams() {
  const auto null = os::open_file("/dev/null", O_RDWR);
  if (!null) return tl::unexpected(null.error());
  for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (dup2(null->get(), stream) < 0) return system_failure("dup2");
  }
  return {};
}

struct Account {
  uid_t user = 0;
  gid_t group = 0;
};

Expected<Account> account_of(const config::Daemon& daemon) {
  const passwd* user = getpwnam(daemon.user.c_str());
  if (user == nullptr) return base::fail(base::ErrorKind::not_found, "no user " + daemon.user);
  const ::group* group = getgrnam(daemon.group.c_str());
  if (group == nullptr) return base::fail(base::ErrorKind::not_found, "no group " + daemon.group);
  return Account{user->pw_uid, group->gr_gid};
}

}  // namespace

void StartReport::succeeded() {
  if (!m_pipe) return;
  // A starting process that is gone needs no report.
  static_cast<void>(os::write_all(m_pipe.get(), std::string(1, k_report_success)));
  m_pipe.reset();
}

void StartReport::failed(const std::string& reason) {
  if (!m_pipe) return;
  static_cast<void>(os::write_all(m_pipe.get(), k_report_failure + reason));
  m_pipe.reset();
}

Expected<Forked> daemonise() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure("pipe");
  os::UniqueFd reading(ends[0]);
  os::UniqueFd writing(ends[1]);
  const pid_t first = fork();
  if (first < 0) return system_failure("fork");
  if (first > 0) {
    writing.reset();
    return Forked{await_report(reading.get(), first), {}};
  }
  reading.reset();
  StartReport report(std::move(writing));
  setsid();
  std::signal(SIGHUP, SIG_IGN);  // the terminal's end is no matter of a daemon
  const pid_t second = fork();
  if (second < 0) {
    report.failed("fork failed");
    _exit(k_exit_failure);
  }
  if (second > 0) _exit(0);
  if (chdir("/") != 0) return system_failure("chdir /");
  if (auto done = redirect_standard_streams(); !done) {
    report.failed(done.error().for_operator());
    return tl::unexpected(std::move(done).error());
  }
  return Forked{std::nullopt, std::move(report)};
}

Expected<PidFile> PidFile::write(const std::string& path) {
  auto file = os::open_file(path, O_RDWR | O_CREAT, 0644);
  if (!file) return tl::unexpected(std::move(file).error());
  if (flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    return base::fail(base::ErrorKind::already_exists,
                      "a running server holds the pid file " + path);
  }
  if (ftruncate(file->get(), 0) != 0) return system_failure(path);
  PULSE2_TRY(os::write_all(file->get(), std::to_string(getpid()) + "\n"));
  return PidFile(path, *std::move(file));
}

PidFile::~PidFile() {
  // A moved-from object holds no descriptor; the file may be out of reach without privileges.
  if (!m_file) return;
  if (unlink(m_path.c_str()) != 0) static_cast<void>(ftruncate(m_file.get(), 0));
}

Expected<void> make_state_folder(const std::string& path, const config::Daemon& daemon) {
  if (mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return system_failure("[main] state_dir " + path);
  }
  if (geteuid() != 0) return {};
  const auto account = account_of(daemon);
  if (!account) return tl::unexpected(account.error());
  if (chown(path.c_str(), account->user, account->group) != 0) return system_failure(path);
  return {};
}

Expected<void> drop_privileges(const config::Daemon& daemon) {
  if (geteuid() != 0) return {};
  const auto account = account_of(daemon);
  if (!account) return tl::unexpected(account.error());
  if (account->user == 0 && account->group == 0) return {};
  if (initgroups(daemon.user.c_str(), account->group) != 0) return system_failure("initgroups");
  if (setgid(account->group) != 0) return system_failure("setgid");
  if (setuid(account->user) != 0) return system_failure("setuid");
  return {};
}

}  // namespace pulse2::app
