#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::app {

/// The daemon's line to the process that was started in the shell, which waits for the outcome.
class StartReport {
 public:
  /// Reports to nobody: in the foreground.
  StartReport() = default;
  explicit StartReport(os::UniqueFd pipe) : m_pipe(std::move(pipe)) {}

  /// The server listens: the waiting process exits with 0.
  void succeeded();
  /// The waiting process prints the reason and exits with a failure.
  void failed(const std::string& reason);

 private:
  os::UniqueFd m_pipe;
};

/// What follows a double fork.
struct Forked {
  /// In the process that was started in the shell: its exit status. Nothing in the daemon.
  std::optional<int> exit_status;
  StartReport report;
};

/// Becomes a daemon: two forks, a session of its own, standard streams on /dev/null. The starting
/// process waits for the daemon's report. Other descriptors are closed, except `kept_descriptors`
/// of them from number 3 on. To be called before any thread starts.
[[nodiscard]] base::Expected<Forked> daemonise(int kept_descriptors = 0);

}  // namespace pulse2::app
