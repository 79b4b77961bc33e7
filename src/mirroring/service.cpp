#include "mirroring/service.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <random>
#include <utility>

#include "log/log.hpp"
#include "os/clock.hpp"
#include "os/pool_task.hpp"
#include "os/process_environment.hpp"

namespace pulse2::mirroring {

namespace asio = boost::asio;
using base::Expected;
using Names = std::vector<std::string>;

namespace {

Names names_of(const std::vector<TargetRules>& targets) {
  Names names;
  for (const TargetRules& each : targets)
    names.push_back(each.name);
  return names;
}

}  // namespace

/// The packages as the plan asks for them.
class Service::CatalogSource final : public PackageSource {
 public:
  explicit CatalogSource(const CatalogView& catalog) : m_catalog(catalog) {}

  [[nodiscard]] bool waits_for_files(std::string_view src, std::string_view pid) const override {
    return m_catalog.waits_for_files(src, pid);
  }
  [[nodiscard]] std::optional<Package> next_package(std::string_view src,
                                                    std::string_view folder) const override {
    const auto snapshot = m_catalog.snapshot();
    const auto& packages = snapshot->packages(src);
    const auto next = std::upper_bound(
        packages.begin(), packages.end(), folder,
        [](std::string_view wanted, const auto& entry) { return wanted < entry->folder; });
    if (next == packages.end()) return std::nullopt;
    return Package{(*next)->id, (*next)->folder};
  }

 private:
  const CatalogView& m_catalog;
};

/// Ends a change in the plan.
class Service::OpenChange final : public catalog::SyncLedger::Change {
 public:
  OpenChange(Service& service, std::string src, std::vector<Package> packages)
      : m_service(service), m_src(std::move(src)), m_packages(std::move(packages)) {}
  ~OpenChange() override { m_service.end_change(m_src, m_packages); }

 private:
  Service& m_service;
  std::string m_src;
  std::vector<Package> m_packages;
};

Service::Service(CatalogView catalog, os::ThreadPool& pool, const os::Clock& clock)
    : m_catalog(std::move(catalog)),
      m_pool(pool),
      m_clock(clock),
      m_source(std::make_unique<CatalogSource>(m_catalog)),
      m_plan(*m_source, std::random_device{}()),
      m_run_options(std::make_shared<const RunOptions>()),
      m_timer(m_io),
      m_runner(m_io.get_executor(), pool, m_places) {}

Service::~Service() {
  stop();
}

Moment Service::now() const {
  const auto date = m_clock.now();
  return {m_clock.steady(), date, os::local_minute(date)};
}

Expected<std::function<void()>> Service::prepare(ServiceOptions options) {
  const Names targets = names_of(options.plan.targets);
  auto taken = std::make_shared<ServiceOptions>(std::move(options));
  const bool is_open = m_store != nullptr && m_store->path() == taken->status_file;
  if (targets.empty() || is_open) {
    return [this, taken] { take_over(std::move(*taken), nullptr, {}); };
  }
  auto store = PendingStore::open(taken->status_file, taken->plan.srcs, targets);
  if (!store) {
    store.error().message = "package_mirror_status_file: " + store.error().message;
    return tl::unexpected(std::move(store).error());
  }
  auto contents = (*store)->load();
  if (!contents) return tl::unexpected(std::move(contents).error());
  auto opened = std::make_shared<std::unique_ptr<PendingStore>>(std::move(*store));
  return [this, taken, opened, contents = std::move(*contents)] {
    take_over(std::move(*taken), std::move(*opened), contents);
  };
}

void Service::take_over(ServiceOptions options, std::unique_ptr<PendingStore> store,
                        const PendingStore::Contents& contents) {
  m_places.know(options.plan.srcs);
  const Names srcs = options.plan.srcs;
  const Names targets = names_of(options.plan.targets);
  options.run.mark = "PULSE2_MIRRORING=" + options.status_file;
  std::shared_ptr<PendingStore> kept;
  {
    const std::unique_lock lock(m_mutex);
    const Moment moment = now();
    const auto outdated = m_plan.configure(std::move(options.plan), moment);
    m_run_options = std::make_shared<const RunOptions>(std::move(options.run));
    if (store) {
      m_store = std::move(store);
      for (const auto& each : contents.filled)
        m_plan.set_filled(each.src, each.target, each.verified, moment);
      for (const auto& row : contents.rows)
        m_plan.restore(row.src, row.package, row.targets, row.since);
      m_former = contents.former;
      ++m_former_changes;
    }
    kept = m_store;
    asio::post(m_io, [this, outdated] {
      m_tells_of_src = true;
      for (const auto job : outdated)
        m_runner.stop(job);
    });
    publish_locked();
  }
  if (kept) complain(*kept, kept->retain(srcs, targets));
  if (targets.empty()) {
    const std::unique_lock lock(m_mutex);
    m_store.reset();
    m_former.clear();
    ++m_former_changes;
    publish_locked();
  }
  wake();
}

void Service::start() {
  // What a server that was killed had started would work beside what starts now.
  if (const auto killed = os::kill_processes_with(m_run_options->mark); killed > 0) {
    log::warning("mirroring.leftovers", "{} processes of a server that was killed are ended",
                 killed);
  }
  m_work.emplace(m_io.get_executor());
  asio::co_spawn(m_io, run(), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  m_thread = std::thread([this] { m_io.run(); });
}

void Service::stop() {
  if (!m_thread.joinable()) return;
  asio::post(m_io, [this] {
    m_stopping = true;
    m_timer.cancel();
    m_runner.stop_all();
  });
  m_work.reset();
  m_thread.join();
  flush();
}

void Service::flush() {
  if (const auto store = this->store()) complain(*store, store->flush());
}

void Service::complain(const PendingStore& store, const Expected<void>& done) {
  if (done) return;
  log::error("mirroring.status.not_written", "{}: {}", store.path(), done.error().for_operator());
}

std::shared_ptr<PendingStore> Service::store() const {
  const std::shared_lock lock(m_mutex);
  return m_store;
}

void Service::wake() {
  asio::post(m_io, [this] { m_timer.cancel(); });
}

void Service::publish_locked() {
  m_holds_nothing = m_plan.holds_nothing() && m_former.empty();
  m_version = m_plan.version() + m_former_changes;
}

void Service::verify_all() {
  {
    const std::unique_lock lock(m_mutex);
    m_plan.verify_all(now());
  }
  wake();
}

bool Service::is_synchronised(std::string_view src, std::string_view pid) const {
  if (m_holds_nothing) return true;
  const std::shared_lock lock(m_mutex);
  const auto is_it = [pid](const PendingStore::Former& former) { return former.pid == pid; };
  if (std::any_of(m_former.begin(), m_former.end(), is_it)) return false;
  return !m_plan.is_held(src, pid);
}

std::vector<catalog::SyncLedger::TargetStatus> Service::status(std::string_view src,
                                                               std::string_view pid) const {
  const bool waits = m_catalog.waits_for_files(src, pid);
  const std::shared_lock lock(m_mutex);
  std::vector<SyncLedger::TargetStatus> answers;
  const auto synchronised = m_plan.synchronised(src, pid);
  for (std::size_t i = 0; i < synchronised.size(); ++i) {
    const std::string& name = m_plan.options().targets[i].name;
    const auto lacks = [&](const PendingStore::Former& former) {
      return former.pid == pid &&
             std::find(former.targets.begin(), former.targets.end(), name) != former.targets.end();
    };
    const bool is_noted = std::any_of(m_former.begin(), m_former.end(), lacks);
    answers.push_back({name, synchronised[i] && !waits && !is_noted});
  }
  return answers;
}

bool Service::is_pending(std::string_view src, std::string_view pid) const {
  const std::shared_lock lock(m_mutex);
  return m_plan.is_pending(src, pid);
}

Expected<catalog::SyncLedger::ChangePointer> Service::begin_change(
    std::string_view src, const std::vector<Package>& packages) {
  const Moment moment = now();
  std::vector<PendingStore::Row> rows;
  std::shared_ptr<PendingStore> store;
  {
    const std::unique_lock lock(m_mutex);
    m_plan.begin_change(src, packages, moment);
    publish_locked();
    store = m_store;
    const Names targets = names_of(m_plan.options().targets);
    for (const Package& package : packages) {
      rows.push_back({std::string(src), package, targets, moment.date});
    }
  }
  auto change = std::make_unique<OpenChange>(*this, std::string(src), packages);
  // In the plan first: nothing is cleared that is written now.
  if (store) {
    if (auto noted = store->add(rows); !noted) return tl::unexpected(std::move(noted).error());
  }
  for (const Package& package : packages)
    m_places.make_way(src, package.folder);
  return change;
}

void Service::end_change(const std::string& src, const std::vector<Package>& packages) {
  const std::unique_lock lock(m_mutex);
  m_plan.end_change(src, packages);
  publish_locked();
}

void Service::set_frozen(std::string_view src, bool frozen) {
  {
    const std::unique_lock lock(m_mutex);
    m_plan.set_frozen(src, frozen);
  }
  wake();
}

std::vector<TargetReport> Service::status() const {
  const auto snapshot = m_catalog.snapshot();
  const std::shared_lock lock(m_mutex);
  auto all = m_plan.status(now());
  m_plan.for_each_pending(
      [&](const std::string& src, const Package& package, const std::vector<std::size_t>& targets) {
        const auto entry = snapshot->find(src, package.pid);
        if (!entry) return;
        for (const std::size_t target : targets)
          all[target].bytes += entry->size;
      });
  return all;
}

}  // namespace pulse2::mirroring
