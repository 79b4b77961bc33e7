#pragma once

#include <chrono>
#include <csignal>
#include <optional>

namespace pulse2::app {

/// The signals that the server acts on: SIGTERM and SIGINT end it, SIGHUP reads the configuration
/// again, SIGUSR1 opens the logs again. For the main thread.
class Signals {
 public:
  /// Blocks them in this thread and in all that it starts, so that only wait() takes them; SIGPIPE
  /// is ignored.
  Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The next signal; nothing after `timeout`. Without a timeout it waits as long as it takes.
  [[nodiscard]] std::optional<int> wait(
      std::optional<std::chrono::nanoseconds> timeout = std::nullopt) const;

  /// Whether a signal that ends the server waits; takes it.
  [[nodiscard]] bool take_end() const;

  /// From now on SIGTERM and SIGINT end the process on the spot, whatever it is at.
  void release_end() const;

 private:
  sigset_t m_all{};
  sigset_t m_end{};
};

}  // namespace pulse2::app
