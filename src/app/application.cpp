#include "app/application.hpp"

#include <chrono>
#include <utility>

#include "app/site_builder.hpp"
#include "catalog/reporter.hpp"
#include "log/log.hpp"

namespace pulse2::app {
namespace {

/// How long requests may take to finish when the server stops.
constexpr std::chrono::seconds k_stop_grace{10};

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
  explicit LiveCatalog(std::shared_ptr<const catalog::Catalog> catalog)
      : m_catalog(std::move(catalog)) {}
  [[nodiscard]] std::shared_ptr<const catalog::Snapshot> snapshot() const override {
    return m_catalog->snapshot();
  }
  [[nodiscard]] catalog::Progress progress() const override { return m_catalog->progress(); }

 private:
  std::shared_ptr<const catalog::Catalog> m_catalog;
};

Application::Application(config::Settings settings, Preflight preflight)
    : m_settings(std::move(settings)), m_preflight(std::move(preflight)) {
  net::ServerOptions options;
  options.hosts = {m_settings.main.host};
  options.port = static_cast<std::uint16_t>(m_settings.main.port);
  options.threads = static_cast<unsigned>(m_settings.http.io_threads);
  options.tls = m_preflight.tls;
  // Nothing is answered before start() sets the real site.
  m_server = std::make_unique<net::Server>(std::move(options),
                                           std::make_shared<const net::Site>(net::SiteOptions{}));
}

Application::~Application() {
  stop();
}

base::Expected<void> Application::bind() {
  return m_server->bind();
}

base::Expected<void> Application::build() {
  const auto hash_threads = static_cast<std::size_t>(m_settings.main.hash_threads);
  m_pool = std::make_unique<os::ThreadPool>(hash_threads == 0 ? os::ThreadPool::default_size()
                                                              : hash_threads);
  m_reporter = std::make_unique<LogReporter>();
  auto state = store::State::open(m_settings.main.state_dir + "/state.sqlite");
  if (!state) return tl::unexpected(std::move(state).error());
  m_state_file = std::move(*state);
  m_ledger = std::make_shared<catalog::NoMirrors>();
  catalog::CatalogOptions options;
  options.waits_for_files = [this](std::string_view src, std::string_view pid) {
    return m_state_file->waits_for_files(src, pid);
  };
  options.srcs = m_settings.sources();
  options.cache_file = m_settings.main.state_dir + "/cache.sqlite";
  options.follow_links_to = m_settings.http.follow_links_to;
  m_catalog = std::make_shared<catalog::Catalog>(std::move(options), *m_pool, *m_reporter);
  m_editor = std::make_shared<catalog::Editor>(editor_options(), *m_catalog, *m_state_file,
                                               *m_ledger, *m_pool, *m_reporter);
  m_editor->recover();
  return {};
}

catalog::EditorOptions Application::editor_options() const {
  catalog::EditorOptions options;
  for (const auto& section : m_settings.package_api_puts)
    options.srcs.push_back(section.src);
  options.follow_links_to = m_settings.http.follow_links_to;
  options.real_deletion = m_settings.main.real_package_deletion;
  return options;
}

base::Expected<void> Application::start() {
  PULSE2_TRY(build());
  SiteParts parts;
  parts.catalog = std::make_shared<const LiveCatalog>(m_catalog);
  parts.ledger = m_ledger;
  parts.editor = m_editor;
  parts.pool = m_pool.get();
  parts.public_host = m_preflight.public_host;
  parts.health = [this] { return health(); };
  m_server->set_site(build_site(m_settings, parts));
  m_server->start();
  PULSE2_TRY(m_catalog->start());
  m_state = State::serving;
  for (const auto& endpoint : m_server->endpoints()) {
    log::info("server.listening", "listening on {} port {} ({})", endpoint.address().to_string(),
              endpoint.port(), m_settings.protocol());
  }
  return {};
}

void Application::stop() {
  const State before = m_state.exchange(State::stopping);
  if (before == State::stopping) return;
  if (m_server) m_server->stop(k_stop_grace);
  if (m_editor) m_editor->cancel();
  if (m_catalog) m_catalog->stop();
  if (m_pool) m_pool->stop();
  if (before == State::serving) log::info("server.stopped", "stopped");
}

std::string Application::health() const {
  switch (m_state.load()) {
    case State::starting:
      return "starting";
    case State::serving:
      return scan_reason(m_catalog->progress());
    case State::stopping:
      return "stopping";
  }
  return "unknown";
}

}  // namespace pulse2::app
