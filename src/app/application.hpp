#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "app/preflight.hpp"
#include "base/error.hpp"
#include "catalog/catalog.hpp"
#include "catalog/editor.hpp"
#include "catalog/sync_ledger.hpp"
#include "config/settings.hpp"
#include "net/server.hpp"
#include "os/thread_pool.hpp"
#include "store/state.hpp"

namespace pulse2::app {

/// Everything that runs in one server. The only place that makes concrete objects of the folders
/// below. For one controlling thread.
class Application {
 public:
  Application(config::Settings settings, Preflight preflight);
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  ~Application();

  /// Opens the listening sockets; still with the privileges of the start.
  [[nodiscard]] base::Expected<void> bind();
  /// Starts all threads: the server answers, packages appear as they are ready.
  [[nodiscard]] base::Expected<void> start();
  /// Lets running requests finish for a while, then ends all threads.
  void stop();

 private:
  class LogReporter;
  class LiveCatalog;
  enum class State { starting, serving, stopping };

  /// What /healthz says, "" when all is well.
  [[nodiscard]] std::string health() const;
  /// Makes what runs. Error for a state file that can't be used.
  [[nodiscard]] base::Expected<void> build();
  [[nodiscard]] catalog::EditorOptions editor_options() const;

  config::Settings m_settings;
  Preflight m_preflight;
  std::atomic<State> m_state{State::starting};
  std::unique_ptr<net::Server> m_server;
  // Threads begin in start(), after privileges were dropped and the process forked.
  std::unique_ptr<os::ThreadPool> m_pool;
  std::unique_ptr<LogReporter> m_reporter;
  std::unique_ptr<store::State> m_state_file;
  std::shared_ptr<catalog::SyncLedger> m_ledger;
  std::shared_ptr<catalog::Catalog> m_catalog;
  std::shared_ptr<catalog::Editor> m_editor;
};

}  // namespace pulse2::app
