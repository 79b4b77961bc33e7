#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/configuration.hpp"
#include "app/reloader.hpp"
#include "app/site_builder.hpp"
#include "base/error.hpp"
#include "catalog/catalog.hpp"
#include "catalog/detection.hpp"
#include "catalog/editor.hpp"
#include "catalog/package_locks.hpp"
#include "catalog/tree_guard.hpp"
#include "imaging/service.hpp"
#include "mirroring/service.hpp"
#include "net/server.hpp"
#include "os/clock.hpp"
#include "os/inherited_sockets.hpp"
#include "os/serial_tasks.hpp"
#include "os/thread_pool.hpp"
#include "pxe_service/service.hpp"
#include "store/state.hpp"
#include "tftp/server.hpp"

namespace pulse2::app {

/// Everything that runs in one server. The only place that makes concrete objects of the folders
/// below. For one controlling thread.
class Application {
 public:
  /// `sockets`: passed by a service manager, to be listened on instead of host and port.
  Application(Configuration configuration, std::vector<os::InheritedSocket> sockets);
  Application(const Application&) = delete;
  Application& operator=(const Application&) = delete;
  ~Application();

  /// Opens the listening sockets; still with the privileges of the start.
  [[nodiscard]] base::Expected<void> bind();
  /// Starts all threads: the server answers, packages appear as they are ready.
  [[nodiscard]] base::Expected<void> start();
  /// Runs with `next` from now on, or says what is in the way of that: then nothing changed.
  [[nodiscard]] Mistakes reload(Configuration next);
  /// Accepts no more and lets running requests finish; see net::Server::stop().
  void drain(std::chrono::milliseconds grace, const std::function<bool()>& hurry);
  /// Ends all threads; what is still running is broken off.
  void stop();

  /// Compares all packages with all mirror targets.
  void verify_mirrors() { m_mirrors->verify_all(); }

  /// One line for people: what it is at.
  [[nodiscard]] std::string status() const;
  /// Connections open at this moment.
  [[nodiscard]] std::size_t connections() const { return m_server->connections(); }
  /// See net::Server::threads_answer().
  [[nodiscard]] bool threads_answer() { return m_server->threads_answer(); }

  /// What it runs with; changed by reload().
  [[nodiscard]] const Configuration& configuration() const noexcept { return m_configuration; }

 private:
  class LogReporter;
  class LiveCatalog;
  enum class State { starting, serving, stopping, stopped };

  /// What /healthz says, "" when all is well.
  [[nodiscard]] std::string health() const;
  /// PXE clients are answered by imaging, if that runs.
  void start_imaging();
  /// Why not all packages are served, "" when they are.
  [[nodiscard]] std::string packages_reason() const;
  /// Makes what runs. Error for a state file that can't be used.
  [[nodiscard]] base::Expected<void> build();
  /// Removes what interrupted uploads left behind.
  static void clear_upload_folders(const config::Settings& settings);
  [[nodiscard]] catalog::EditorOptions editor_options(const config::Settings& settings) const;

  /// The passed sockets are bound: says which of them were not wanted.
  void let_go_of_sockets();
  /// Every part that follows a reload; see Reloader.
  void add_reloadable_parts();
  [[nodiscard]] base::Expected<void> build_mirrors();
  [[nodiscard]] SiteParts site_parts(const Configuration& configuration);

  Configuration m_configuration;
  Reloader m_reloader;
  std::size_t m_max_connections = 0;  ///< that the limit of open files is enough for
  std::atomic<State> m_state{State::starting};
  std::vector<os::InheritedSocket> m_sockets;  ///< until they are bound
  std::unique_ptr<net::Server> m_server;
  std::unique_ptr<tftp::Server> m_tftp;               ///< null: off
  std::optional<pxe_service::Sockets> m_pxe_sockets;  ///< until they are used
  // Threads begin in start(), after privileges were dropped and the process forked.
  std::unique_ptr<os::ThreadPool> m_pool;
  std::unique_ptr<os::SerialTasks> m_tasks;
  std::unique_ptr<LogReporter> m_reporter;
  std::unique_ptr<store::State> m_state_file;
  catalog::PackageLocks m_package_locks;
  catalog::TreeGuard m_tree_guard;
  os::SystemClock m_clock;
  std::shared_ptr<catalog::Catalog> m_catalog;
  std::shared_ptr<mirroring::Service> m_mirrors;
  std::shared_ptr<catalog::Editor> m_editor;
  std::unique_ptr<catalog::Detection> m_detection;
  std::shared_ptr<imaging::Service> m_imaging;  ///< null: off
  std::unique_ptr<pxe_service::Service> m_pxe;  ///< null: as above; on the thread of imaging
};

}  // namespace pulse2::app
