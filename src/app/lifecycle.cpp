#include "app/lifecycle.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/text.hpp"
#include "config/changes.hpp"
#include "log/log.hpp"

namespace pulse2::app {
namespace {

/// How often the service manager gets a new status line.
constexpr std::chrono::seconds k_report_interval{5};
/// A wait may end a little early.
constexpr std::chrono::milliseconds k_timer_slack{5};
/// How many changed options are named in the log.
constexpr std::size_t k_named_changes = 20;

std::string describe(std::vector<std::string> changes) {
  if (changes.empty()) return "nothing changed";
  const std::size_t count = changes.size();
  if (count > k_named_changes) changes.resize(k_named_changes);
  std::string text = "changed: " + base::join(changes, ", ");
  if (count > k_named_changes) text += " and " + std::to_string(count - k_named_changes) + " more";
  return text;
}

}  // namespace

Lifecycle::Lifecycle(Application& application, const Signals& signals, os::ServiceManager& manager)
    : m_application(application), m_signals(signals), m_manager(manager) {
  if (!manager.is_there()) return;
  m_interval = k_report_interval;
  // As sd_watchdog_enabled(3) advises: twice as often as is asked for.
  if (const auto watchdog = manager.watchdog()) {
    m_interval = std::min<Clock::duration>(k_report_interval, *watchdog / 2);
  }
}

void Lifecycle::run() {
  m_manager.ready(m_application.status());
  serve_until_stopped();
  stop();
}

void Lifecycle::serve_until_stopped() {
  for (;;) {
    report();
    const auto received = m_signals.wait(m_interval);
    if (received == SIGHUP) {
      reload();
    } else if (received == SIGUSR1) {
      log::reopen();
      log::info("server.logs_reopened", "log files were opened again");
    } else if (received == SIGUSR2) {
      m_application.verify_mirrors();
      log::info("mirroring.verify", "all packages are compared with all mirror targets");
    } else if (received) {
      log::info("server.stopping", "stopping on {}", *received == SIGINT ? "SIGINT" : "SIGTERM");
      return;
    }
  }
}

void Lifecycle::report() {
  if (!m_interval) return;
  m_manager.set_status(m_application.status());
  prove_life();
}

void Lifecycle::prove_life() {
  if (!m_manager.watchdog() || Clock::now() < m_next_proof) return;
  m_next_proof = Clock::now() + *m_manager.watchdog() / 2 - k_timer_slack;
  const bool was_stuck = std::exchange(m_is_stuck, !m_application.threads_answer());
  if (!m_is_stuck) return m_manager.keep_alive();
  if (was_stuck) return;
  log::error("server.thread_stuck",
             "an I/O thread does not answer; the service manager ends the server if that lasts");
}

void Lifecycle::reload() {
  m_manager.reloading("reading the configuration again");
  const Configuration& running = m_application.configuration();
  auto candidate = read_candidate(running);
  if (!candidate) return refuse(candidate.error());
  const auto changes = config::differences(running.settings(), candidate->configuration.settings());
  const auto objections = m_application.reload(std::move(candidate->configuration));
  if (!objections.empty()) return refuse(objections);
  log_doubts(m_application.configuration());
  for (const std::string& option : candidate->held_back) {
    log::warning("reload.needs_restart", "{}: the change counts from the next start on", option);
  }
  log::info("reload.done", "{} was read again; {}", m_application.configuration().loaded.file,
            describe(changes));
  m_manager.ready(m_application.status());
}

void Lifecycle::refuse(const Mistakes& mistakes) {
  for (const std::string& mistake : mistakes)
    log::error("reload.mistake", "{}", mistake);
  log::error("reload.refused", "the configuration stays as it was; mistakes in {}: {}",
             m_application.configuration().loaded.file, mistakes.size());
  m_manager.ready("goes on with its former configuration: the file has mistakes, see the log");
}

void Lifecycle::stop() {
  const std::chrono::seconds drain(m_application.configuration().settings().daemon.drain_time);
  m_manager.stopping("finishing running requests", drain);
  m_application.drain(drain, [this] {
    if (m_interval) prove_life();
    return m_signals.take_end();
  });
  // Whoever has no patience left ends the process while it cleans up; nothing is lost by that.
  m_signals.release_end();
  m_application.stop();
}

}  // namespace pulse2::app
