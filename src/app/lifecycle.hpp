#pragma once

#include <chrono>
#include <optional>

#include "app/application.hpp"
#include "app/signals.hpp"
#include "os/service_manager.hpp"

namespace pulse2::app {

/// A server that has started, until its end: obeys the signals, and tells the service manager what
/// goes on and that all threads are alive. For the main thread.
class Lifecycle {
 public:
  /// All must outlive it.
  Lifecycle(Application& application, const Signals& signals, os::ServiceManager& manager);

  /// Serves until a signal ends it; then lets running requests finish, as long as
  /// `[daemon] drain_time` says or until a second signal comes.
  void run();

 private:
  void serve_until_stopped();
  /// SIGHUP: takes the file's present content over as a whole, or keeps what runs.
  void reload();
  void refuse(const Mistakes& mistakes);
  void stop();
  /// What is due between signals.
  void report();
  void prove_life();

  using Clock = std::chrono::steady_clock;

  Application& m_application;
  const Signals& m_signals;
  os::ServiceManager& m_manager;
  std::optional<Clock::duration> m_interval;  ///< between two reports; nothing: nobody reads them
  Clock::time_point m_next_proof{};
  bool m_is_stuck = false;
};

}  // namespace pulse2::app
