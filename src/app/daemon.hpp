#pragma once

#include <optional>
#include <string>

#include "base/error.hpp"
#include "config/settings.hpp"
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
/// process waits for the daemon's report. To be called before any thread starts.
[[nodiscard]] base::Expected<Forked> daemonise();

/// A pid file, locked as long as the object lives and removed at its end.
class PidFile {
 public:
  /// Errors: `already_exists` when a running server holds it, others of open(2).
  [[nodiscard]] static base::Expected<PidFile> write(const std::string& path);
  PidFile(PidFile&& other) noexcept = default;
  PidFile& operator=(PidFile&& other) = delete;
  ~PidFile();

 private:
  PidFile(std::string path, os::UniqueFd file) : m_path(std::move(path)), m_file(std::move(file)) {}

  std::string m_path;
  os::UniqueFd m_file;
};

/// Creates the folder for durable state, 0700 and of the configured user, when its parent exists.
[[nodiscard]] base::Expected<void> make_state_folder(const std::string& path,
                                                     const config::Daemon& daemon);

/// As root: becomes the configured user and group, for good. Otherwise does nothing.
[[nodiscard]] base::Expected<void> drop_privileges(const config::Daemon& daemon);

}  // namespace pulse2::app
