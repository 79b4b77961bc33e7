#include "app/daemon.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <iostream>

#include "app/command_line.hpp"
#include "os/descriptors.hpp"
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

Expected<Forked> daemonise(int kept_descriptors) {
  os::close_from(STDERR_FILENO + 1 + kept_descriptors);
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
  std::signal(SIGHUP, SIG_IGN);  // the end of the session's first process, until Signals blocks it
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

}  // namespace pulse2::app
