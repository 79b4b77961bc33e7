#include "app/application.hpp"

#include <sys/stat.h>

#include <utility>

#include "api/uploads.hpp"
#include "app/connection_room.hpp"
#include "app/detection_part.hpp"
#include "app/imaging_part.hpp"
#include "app/log_part.hpp"
#include "app/mirroring_part.hpp"
#include "app/pxe_part.hpp"
#include "app/tftp_part.hpp"
#include "base/text.hpp"
#include "catalog/reporter.hpp"
#include "log/log.hpp"

namespace pulse2::app {
namespace {

/// Why the packages are not all served yet, "" when they are. Verifying goes on while they are.
std::string scan_reason(const catalog::Progress& progress) {
  using Phase = catalog::Progress::Phase;
  switch (progress.phase) {
    case Phase::idle:
    case Phase::looking:
      return "looking for packages";
    case Phase::hashing:
      return "reading packages: " + catalog::describe(progress);
    case Phase::verifying:
    case Phase::done:
      return {};
  }
  return "unknown";
}

/// I/O threads come first: they have little to do for each request, and somebody waits. On a busy
/// machine (load 5 to 9), 99 of 100 getPackageDetail beside 20 uploads and a large hash came within
/// 14 to 36 ms rather than 108 to 180.
constexpr int k_pool_niceness = 10;

std::size_t make_room(const Configuration& configuration) {
  const auto& settings = configuration.settings();
  return make_room_for(static_cast<std::size_t>(settings.http.max_connections),
                       settings.descriptors_beside_http());
}

bool has_same_room(const Configuration& one, const Configuration& other) {
  return one.settings().http.max_connections == other.settings().http.max_connections &&
         one.settings().descriptors_beside_http() == other.settings().descriptors_beside_http();
}

bool is_for_http(const os::InheritedSocket& socket) {
  return socket.is_stream && !is_for_pxe(socket);
}

}  // namespace

/// Writes what the catalogue reports into the log.
class Application::LogReporter final : public catalog::Reporter {
 public:
  void report(catalog::Severity severity, std::string_view id, const std::string& text) override {
    log::write(level_of(severity), id, text);
  }

 private:
  static log::Level level_of(catalog::Severity severity) {
    switch (severity) {
      case catalog::Severity::info:
        return log::Level::info;
      case catalog::Severity::warning:
        return log::Level::warning;
      case catalog::Severity::error:
        return log::Level::error;
    }
    return log::Level::error;
  }
};

/// The catalogue as the APIs see it.
class Application::LiveCatalog final : public api::CatalogReader {
 public:
  /// `guard` must outlive it.
  LiveCatalog(std::shared_ptr<const catalog::Catalog> catalog, const catalog::TreeGuard& guard)
      : m_catalog(std::move(catalog)), m_guard(guard) {}
  [[nodiscard]] std::shared_ptr<const catalog::Snapshot> snapshot() const override {
    return m_catalog->snapshot();
  }
  [[nodiscard]] catalog::Progress progress() const override { return m_catalog->progress(); }
  [[nodiscard]] std::vector<catalog::FrozenTree> frozen() const override {
    return m_guard.frozen();
  }

 private:
  std::shared_ptr<const catalog::Catalog> m_catalog;
  const catalog::TreeGuard& m_guard;
};

Application::Application(Configuration configuration, std::vector<os::InheritedSocket> sockets)
    : m_configuration(std::move(configuration)), m_sockets(std::move(sockets)) {
  const config::Settings& settings = m_configuration.settings();
  net::ServerOptions options;
  options.hosts = {settings.main.host};
  options.port = static_cast<std::uint16_t>(settings.main.port);
  options.threads = static_cast<unsigned>(settings.http.io_threads);
  options.tls = m_configuration.preflight.tls;
  for (const auto& socket : m_sockets) {
    if (is_for_http(socket)) options.inherited.push_back(socket.socket.get());
  }
  // Nothing is answered before start() sets the real site.
  m_server = std::make_unique<net::Server>(std::move(options),
                                           std::make_shared<const net::Site>(net::SiteOptions{}));
  m_tftp = make_tftp_server(settings);
}

Application::~Application() {
  stop();
}

base::Expected<void> Application::bind() {
  // With the rights of the start: without them the limit can't be raised beyond the hard one.
  m_max_connections = make_room(m_configuration);
  PULSE2_TRY(m_server->bind());
  auto pxe_sockets = open_pxe_sockets(m_configuration.settings(), m_sockets);
  if (!pxe_sockets) return tl::unexpected(std::move(pxe_sockets).error());
  m_pxe_sockets = *std::move(pxe_sockets);
  let_go_of_sockets();
  if (m_tftp) PULSE2_TRY(m_tftp->bind());
  return {};
}

void Application::let_go_of_sockets() {
  for (const auto& socket : m_sockets) {
    if (is_for_http(socket)) continue;
    log::warning("start.warning", "the socket {} of the service manager is not used: {}",
                 socket.name,
                 "HTTP takes every TCP socket that is not named pxe, and imaging those that are");
  }
  const auto port = m_configuration.settings().main.port;
  if (!m_sockets.empty() && m_server->port() != port) {
    log::warning("start.warning",
                 "the service manager listens on port {}, URLs for clients name [main] port = {}",
                 m_server->port(), port);
  }
  // The I/O threads have copies of their own.
  m_sockets.clear();
}

base::Expected<void> Application::build() {
  const config::Settings& settings = m_configuration.settings();
  const auto hash_threads = static_cast<std::size_t>(settings.main.hash_threads);
  m_pool = std::make_unique<os::ThreadPool>(
      hash_threads == 0 ? os::ThreadPool::default_size() : hash_threads, k_pool_niceness);
  m_tasks = std::make_unique<os::SerialTasks>(*m_pool);
  m_reporter = std::make_unique<LogReporter>();
  auto state = store::State::open(settings.main.state_dir + "/state.sqlite");
  if (!state) return tl::unexpected(std::move(state).error());
  m_state_file = std::move(*state);
  (void)m_tree_guard.confirm(settings.sources());
  catalog::CatalogOptions options;
  options.waits_for_files = [this](std::string_view src, std::string_view pid) {
    return m_state_file->waits_for_files(src, pid);
  };
  options.srcs = settings.sources();
  options.cache_file = settings.main.state_dir + "/cache.sqlite";
  options.follow_links_to = settings.http.follow_links_to;
  m_catalog = std::make_shared<catalog::Catalog>(std::move(options), *m_pool, *m_reporter);
  PULSE2_TRY(build_mirrors());
  m_editor = std::make_shared<catalog::Editor>(editor_options(settings), *m_catalog, *m_state_file,
                                               *m_mirrors, m_package_locks, *m_pool, *m_reporter);
  m_editor->recover();
  clear_upload_folders(settings);
  const catalog::DetectionParts detection_parts{*m_catalog,      *m_state_file, *m_mirrors,
                                                m_package_locks, *m_pool,       *m_reporter};
  auto detection = catalog::Detection::create(detection_options(settings), detection_parts,
                                              m_tree_guard, m_clock);
  if (!detection) return tl::unexpected(std::move(detection).error());
  m_detection = std::move(*detection);
  m_imaging = make_imaging(settings, *m_pool, *m_state_file, m_clock);
  return {};
}

void Application::clear_upload_folders(const config::Settings& settings) {
  for (const auto& section : settings.package_api_puts) {
    const auto cleared = api::clear_uploads(section.tmp_input_dir);
    if (!cleared) {
      log::warning("api.upload.not_cleared", "{}: {}", section.tmp_input_dir,
                   cleared.error().for_operator());
    } else if (*cleared) {
      log::info("api.upload.cleared", "{}: removed what interrupted uploads left behind",
                section.tmp_input_dir);
    }
  }
}

base::Expected<void> Application::build_mirrors() {
  mirroring::CatalogView view;
  view.snapshot = [this] { return m_catalog->snapshot(); };
  view.is_listed = [this](std::string_view src) { return m_catalog->is_found(src); };
  view.waits_for_files = [this](std::string_view src, std::string_view pid) {
    return m_state_file->waits_for_files(src, pid);
  };
  m_mirrors = std::make_shared<mirroring::Service>(std::move(view), *m_pool, m_clock);
  auto ready = m_mirrors->prepare(mirroring_options(m_configuration.settings()));
  if (!ready) return tl::unexpected(std::move(ready).error());
  (*ready)();
  return {};
}

catalog::EditorOptions Application::editor_options(const config::Settings& settings) const {
  catalog::EditorOptions options;
  for (const auto& section : settings.package_api_puts)
    options.srcs.push_back(section.src);
  options.follow_links_to = settings.http.follow_links_to;
  options.real_deletion = settings.main.real_package_deletion;
  options.objection = [this](std::string_view src) { return m_tree_guard.objection(src); };
  return options;
}

SiteParts Application::site_parts(const Configuration& configuration) {
  SiteParts parts;
  parts.catalog = std::make_shared<const LiveCatalog>(m_catalog, m_tree_guard);
  parts.ledger = m_mirrors;
  parts.mirrors = [mirrors = m_mirrors] { return mirrors->status(); };
  parts.editor = m_editor;
  parts.tasks = m_tasks.get();
  parts.imaging = m_imaging;
  parts.public_host = configuration.preflight.public_host;
  parts.health = [this] { return health(); };
  parts.max_connections = m_max_connections;
  return parts;
}

base::Expected<void> Application::start() {
  PULSE2_TRY(build());
  add_reloadable_parts();
  m_server->set_site(build_site(m_configuration.settings(), site_parts(m_configuration)));
  m_server->start();
  PULSE2_TRY(m_catalog->start());
  m_mirrors->start();
  m_detection->start();
  start_imaging();
  if (m_tftp) m_tftp->start();
  m_state = State::serving;
  for (const auto& endpoint : m_server->endpoints()) {
    log::info("server.listening", "listening on {} port {} ({})", endpoint.address().to_string(),
              endpoint.port(), m_configuration.settings().protocol());
  }
  return {};
}

void Application::start_imaging() {
  auto sockets = std::exchange(m_pxe_sockets, std::nullopt);
  if (!m_imaging) return;
  m_imaging->start();
  if (!sockets) return;
  m_pxe = std::make_unique<pxe_service::Service>(*m_configuration.settings().imaging_api,
                                                 *std::move(sockets), *m_imaging, m_clock);
  m_pxe->start();
}

void Application::add_reloadable_parts() {
  using Commit = Reloader::Commit;
  m_reloader.add([this](const Configuration& next) { return prepare_log(m_configuration, next); });
  m_reloader.add([](const Configuration& next) -> base::Expected<Commit> {
    return [mask = next.settings().daemon.umask] { umask(mask); };
  });
  m_reloader.add([this](const Configuration& next) -> base::Expected<Commit> {
    const config::Settings& settings = next.settings();
    return m_catalog->prepare_trees(settings.sources(), settings.http.follow_links_to);
  });
  m_reloader.add([this](const Configuration& next) -> base::Expected<Commit> {
    return m_mirrors->prepare(mirroring_options(next.settings()));
  });
  m_reloader.add([this](const Configuration& next) -> base::Expected<Commit> {
    return [this, options = detection_options(next.settings())] {
      m_detection->set_options(options, m_tree_guard.confirm(options.srcs));
    };
  });
  m_reloader.add([this](const Configuration& next) -> base::Expected<Commit> {
    return [this, options = editor_options(next.settings())] { m_editor->set_options(options); };
  });
  m_reloader.add([this](const Configuration& next) -> base::Expected<Commit> {
    if (!m_tftp) return [] {};
    return [this, rules = tftp_rules(next.settings())] { m_tftp->set_rules(rules); };
  });
  // The last one: new requests find the other parts changed.
  m_reloader.add([this](const Configuration& next) -> base::Expected<Commit> {
    auto parts = site_parts(next);
    if (!has_same_room(next, m_configuration)) parts.max_connections = make_room(next);
    auto site = build_site(next.settings(), parts);
    return [this, site = std::move(site), tls = next.preflight.tls,
            connections = parts.max_connections] {
      m_max_connections = connections;
      m_server->set_tls(tls);
      m_server->set_site(site);
    };
  });
}

Mistakes Application::reload(Configuration next) {
  auto objections = m_reloader.apply(next);
  if (!objections.empty()) return objections;
  m_configuration = std::move(next);
  if (m_configuration.settings().imaging_api && !m_imaging) {
    log::warning("reload.needs_restart", "[imaging_api]: imaging stays off until the next start");
  }
  return {};
}

void Application::drain(std::chrono::milliseconds grace, const std::function<bool()>& hurry) {
  const State before = m_state.exchange(State::stopping);
  if (before == State::serving) m_server->stop(grace, hurry);
}

void Application::stop() {
  const State before = m_state.exchange(State::stopped);
  if (before == State::stopped) return;
  m_server->stop(std::chrono::milliseconds(0));
  if (m_tftp) m_tftp->stop();
  // Requests that wait for imaging are ended by it, on threads that stand still already.
  if (m_pxe) m_pxe->stop();
  if (m_imaging) m_imaging->stop();
  if (m_editor) m_editor->cancel();
  if (m_detection) m_detection->stop();
  if (m_catalog) m_catalog->stop();
  if (m_mirrors) m_mirrors->stop();
  if (m_pool) m_pool->stop();
  if (before == State::serving || before == State::stopping) log::info("server.stopped", "stopped");
}

std::string Application::status() const {
  std::string reason = health();
  if (!reason.empty()) return reason;
  const auto snapshot = m_catalog->snapshot();
  return "serving on port " + std::to_string(m_server->port()) +
         ", packages: " + std::to_string(snapshot->package_count());
}

std::string Application::packages_reason() const {
  std::string reason = scan_reason(m_catalog->progress());
  if (!reason.empty()) return reason;
  std::vector<std::string> frozen;
  for (const auto& tree : m_tree_guard.frozen())
    frozen.push_back(tree.src + ": " + tree.reason);
  return base::join(frozen, "; ");
}

std::string Application::health() const {
  switch (m_state.load()) {
    case State::starting:
      return "starting";
    case State::serving:
      return packages_reason();
    case State::stopping:
    case State::stopped:
      return "stopping";
  }
  return "unknown";
}

}  // namespace pulse2::app
