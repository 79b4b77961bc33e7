#include "catalog/catalog.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "catalog/progress_meter.hpp"
#include "catalog/snapshot_cell.hpp"
#include "catalog/task_group.hpp"
#include "catalog/tree_scan.hpp"
#include "os/memory.hpp"
#include "store/hash_cache.hpp"

namespace pulse2::catalog {

using base::ErrorKind;
using base::Expected;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// Hashes are written to the disk in transactions of about this many.
constexpr std::size_t k_hashes_per_transaction = 2000;
/// How often, and after which pause, a package that changed while it was read is read anew.
constexpr int k_settle_rounds = 5;
constexpr milliseconds k_settle_pause{1000};
/// Publishing may take at most this part of the time (1/n): it grows with the packages.
constexpr int k_publish_share = 10;

std::string without_slashes(std::string path) {
  while (path.size() > 1 && path.back() == '/')
    path.pop_back();
  return path;
}

}  // namespace

/// Runs the scan's steps and publishes, all in one thread; what it posts runs on the pool.
class Catalog::Scan {
 public:
  Scan(CatalogOptions options, os::ThreadPool& pool, Reporter& reporter)
      : m_options(std::move(options)), m_reporter(reporter), m_tasks(pool) {}
  ~Scan() { stop(); }

  Expected<void> start();
  void stop();
  bool wait_until_ready(milliseconds timeout, bool verified);
  std::shared_ptr<const Snapshot> snapshot() const { return m_cell.get(); }
  Progress progress() const { return m_meter.read(); }
  Expected<void> replace(std::string_view src, const std::string& folder,
                         std::shared_ptr<const Entry> entry);
  void remember(std::string path, const os::FileStatus& status, const base::Md5Digest& digest);

 private:
  void run();
  void open_cache();
  void settle();
  void verify();
  void finish();
  void enter(Progress::Phase phase);
  /// Waits until no task is left, doing what is due meanwhile. Everything is published then.
  void work_until_idle();
  void do_what_is_due();
  void apply(ScanEvent event);
  void place(std::size_t tree, const std::string& folder, std::shared_ptr<const Entry> entry);
  [[nodiscard]] std::shared_ptr<const Entry> with_flags(std::shared_ptr<const Entry> entry) const;
  void publish();
  void publish_locked();
  void flush_cache();
  void report_progress();
  [[nodiscard]] std::vector<std::string> usable_link_targets();
  [[nodiscard]] bool any_tree(bool (TreeScan::*is)() const) const;

  CatalogOptions m_options;
  Reporter& m_reporter;
  TaskGroup m_tasks;
  EventQueue m_events;
  ProgressMeter m_meter;
  SnapshotCell m_cell{std::make_shared<const Snapshot>(0, std::vector<Snapshot::Tree>{},
                                                       std::vector<BrokenPackage>{})};

  std::mutex m_phase_mutex;  ///< guards m_phase
  std::condition_variable m_phase_changed;
  Progress::Phase m_phase = Progress::Phase::idle;

  std::mutex m_mutex;  ///< guards what is published: the scan's thread and editors change it
  std::unique_ptr<store::HashCache> m_cache;  ///< set once, under the mutex
  std::vector<Snapshot::Tree> m_trees;
  std::vector<BrokenPackage> m_broken;
  std::set<std::pair<std::size_t, std::string>> m_replaced;  ///< tree and folder
  std::uint64_t m_generation = 0;
  bool m_dirty = false;

  // What follows belongs to the publishing thread while it runs.
  std::vector<os::Root> m_roots;  ///< until the trees take them
  std::vector<std::unique_ptr<TreeScan>> m_scans;
  steady_clock::time_point m_next_publish{};
  steady_clock::time_point m_next_report{};

  std::thread m_thread;
};

Expected<void> Catalog::Scan::start() {
  const auto link_targets = usable_link_targets();
  for (const auto& configured : m_options.srcs) {
    const std::string src = without_slashes(configured);
    const bool is_known = std::any_of(m_trees.begin(), m_trees.end(),
                                      [&](const auto& tree) { return tree.src == src; });
    if (is_known) continue;
    auto root = os::Root::open(src, link_targets);
    if (!root) {
      return base::fail(ErrorKind::unavailable, "src " + src + " can't be read",
                        root.error().for_operator());
    }
    m_roots.push_back(std::move(*root));
    m_trees.push_back({src, {}});
  }
  m_thread = std::thread([this] { run(); });
  return {};
}

std::vector<std::string> Catalog::Scan::usable_link_targets() {
  std::vector<std::string> usable;
  for (const auto& folder : m_options.follow_links_to) {
    const auto status = os::status_of(folder);
    if (status && status->is_folder()) {
      usable.push_back(folder);
      continue;
    }
    m_reporter.report(Severity::warning, "catalog.link_target_missing",
                      "links are not followed to " + folder + ": no such folder");
  }
  return usable;
}

void Catalog::Scan::stop() {
  m_tasks.cancel();
  if (m_thread.joinable()) m_thread.join();
  flush_cache();
}

void Catalog::Scan::run() {
  m_next_report = steady_clock::now() + m_options.progress_interval;
  open_cache();
  const ScanContext context{m_tasks, m_events, m_meter, m_reporter, m_cache.get()};
  for (std::size_t i = 0; i < m_roots.size(); ++i) {
    m_scans.push_back(std::make_unique<TreeScan>(std::move(m_roots[i]), i, context));
  }
  enter(Progress::Phase::looking);
  for (auto& scan : m_scans)
    scan->look();
  work_until_idle();
  enter(Progress::Phase::hashing);
  for (auto& scan : m_scans)
    scan->hash();
  work_until_idle();
  settle();
  enter(Progress::Phase::verifying);
  verify();
  finish();
}

void Catalog::Scan::open_cache() {
  if (m_options.cache_file.empty()) return;
  auto cache = store::HashCache::open(m_options.cache_file);
  if (!cache) {
    m_reporter.report(Severity::warning, "catalog.cache_unusable",
                      m_options.cache_file + ": " + cache.error().for_operator() +
                          "; every file is read at the next start too");
    return;
  }
  {
    const std::lock_guard lock(m_mutex);
    m_cache = std::move(*cache);
  }
  if (m_cache->recreated_because().empty()) return;
  m_reporter.report(Severity::warning, "catalog.cache_recreated",
                    m_options.cache_file + " was begun afresh: " + m_cache->recreated_because());
}

void Catalog::Scan::settle() {
  for (int round = 0; round < k_settle_rounds && any_tree(&TreeScan::has_unsettled); ++round) {
    m_tasks.pause(k_settle_pause);
    if (m_tasks.is_cancelled()) return;
    for (auto& scan : m_scans)
      scan->retry();
    work_until_idle();
  }
  for (auto& scan : m_scans)
    scan->give_up_unsettled();
  work_until_idle();
}

void Catalog::Scan::verify() {
  while (any_tree(&TreeScan::has_to_verify) && !m_tasks.is_cancelled()) {
    for (auto& scan : m_scans)
      scan->verify();
    work_until_idle();
    settle();
  }
}

void Catalog::Scan::finish() {
  flush_cache();
  if (m_tasks.is_cancelled()) return;
  const bool is_complete = std::all_of(m_scans.begin(), m_scans.end(),
                                       [](const auto& scan) { return scan->is_complete(); });
  if (m_cache && is_complete) {
    if (auto done = m_cache->forget_unused(); !done) {
      m_reporter.report(Severity::warning, "catalog.cache_unusable", done.error().for_operator());
    }
  }
  enter(Progress::Phase::done);
  m_reporter.report(Severity::info, "catalog.scan_done", describe(m_meter.read()));
  os::release_free_memory();
}

void Catalog::Scan::enter(Progress::Phase phase) {
  m_meter.begin(phase);
  {
    const std::lock_guard lock(m_phase_mutex);
    m_phase = phase;
  }
  m_phase_changed.notify_all();
}

bool Catalog::Scan::wait_until_ready(milliseconds timeout, bool verified) {
  std::unique_lock lock(m_phase_mutex);
  const auto wanted = verified ? Progress::Phase::done : Progress::Phase::verifying;
  return m_phase_changed.wait_for(lock, timeout, [&] { return m_phase >= wanted; });
}

void Catalog::Scan::work_until_idle() {
  // Tasks push their events before they end: once idle, all of them are in the queue.
  while (!m_tasks.wait_idle(m_options.publish_interval))
    do_what_is_due();
  m_next_publish = {};
  do_what_is_due();
}

void Catalog::Scan::do_what_is_due() {
  bool is_dirty = false;
  {
    const std::lock_guard lock(m_mutex);
    for (auto& event : m_events.drain())
      apply(std::move(event));
    is_dirty = m_dirty;
  }
  const auto now = steady_clock::now();
  if (is_dirty && now >= m_next_publish) publish();
  if (now >= m_next_report) report_progress();
  if (m_cache && m_cache->pending() >= k_hashes_per_transaction) flush_cache();
}

void Catalog::Scan::apply(ScanEvent event) {
  if (m_replaced.contains({event.tree, event.folder})) return;
  place(event.tree, event.folder, with_flags(std::move(event.entry)));
  if (event.broken) m_broken.push_back(std::move(*event.broken));
}

std::shared_ptr<const Entry> Catalog::Scan::with_flags(std::shared_ptr<const Entry> entry) const {
  if (!entry || !m_options.waits_for_files) return entry;
  if (!m_options.waits_for_files(*entry->src, entry->id)) return entry;
  auto waiting = std::make_shared<Entry>(*entry);
  waiting->waits_for_files = true;
  return waiting;
}

void Catalog::Scan::place(std::size_t tree, const std::string& folder,
                          std::shared_ptr<const Entry> entry) {
  m_dirty = true;
  auto& packages = m_trees[tree].packages;
  const auto place = std::lower_bound(
      packages.begin(), packages.end(), folder,
      [](const auto& present, const std::string& wanted) { return present->folder < wanted; });
  const bool is_known = place != packages.end() && (*place)->folder == folder;
  if (entry && is_known) {
    *place = std::move(entry);
  } else if (entry) {
    packages.insert(place, std::move(entry));
  } else if (is_known) {
    packages.erase(place);
  }
}

Expected<void> Catalog::Scan::replace(std::string_view src, const std::string& folder,
                                      std::shared_ptr<const Entry> entry) {
  const std::lock_guard lock(m_mutex);
  const auto tree = std::find_if(m_trees.begin(), m_trees.end(),
                                 [&](const auto& candidate) { return candidate.src == src; });
  if (tree == m_trees.end()) {
    return base::fail(ErrorKind::not_found, "no such package tree", std::string(src));
  }
  const auto number = static_cast<std::size_t>(tree - m_trees.begin());
  m_replaced.emplace(number, folder);
  place(number, folder, std::move(entry));
  publish_locked();
  return {};
}

void Catalog::Scan::remember(std::string path, const os::FileStatus& status,
                             const base::Md5Digest& digest) {
  const std::lock_guard lock(m_mutex);
  if (m_cache) m_cache->remember(std::move(path), status, digest);
}

void Catalog::Scan::publish() {
  const auto began = steady_clock::now();
  {
    const std::lock_guard lock(m_mutex);
    publish_locked();
  }
  const auto ended = steady_clock::now();
  m_next_publish = began + std::max<steady_clock::duration>(m_options.publish_interval,
                                                            k_publish_share * (ended - began));
}

void Catalog::Scan::publish_locked() {
  auto next = std::make_shared<const Snapshot>(++m_generation, m_trees, m_broken);
  m_meter.set_ready(next->package_count());
  m_cell.set(std::move(next));
  m_dirty = false;
}

void Catalog::Scan::flush_cache() {
  if (!m_cache) return;
  if (auto done = m_cache->flush(); !done) {
    m_reporter.report(Severity::warning, "catalog.cache_unusable", done.error().for_operator());
  }
}

void Catalog::Scan::report_progress() {
  m_reporter.report(Severity::info, "catalog.progress", describe(m_meter.read()));
  m_next_report = steady_clock::now() + m_options.progress_interval;
}

bool Catalog::Scan::any_tree(bool (TreeScan::*is)() const) const {
  return std::any_of(m_scans.begin(), m_scans.end(),
                     [is](const auto& scan) { return ((*scan).*is)(); });
}

Catalog::Catalog(CatalogOptions options, os::ThreadPool& pool, Reporter& reporter)
    : m_scan(std::make_unique<Scan>(std::move(options), pool, reporter)) {}
Catalog::~Catalog() = default;

Expected<void> Catalog::start() {
  return m_scan->start();
}
void Catalog::stop() {
  m_scan->stop();
}
std::shared_ptr<const Snapshot> Catalog::snapshot() const {
  return m_scan->snapshot();
}
Progress Catalog::progress() const {
  return m_scan->progress();
}
Expected<void> Catalog::replace(std::string_view src, const std::string& folder,
                                std::shared_ptr<const Entry> entry) {
  return m_scan->replace(src, folder, std::move(entry));
}
void Catalog::remember(std::string path, const os::FileStatus& status,
                       const base::Md5Digest& digest) {
  m_scan->remember(std::move(path), status, digest);
}
bool Catalog::wait_until_ready(milliseconds timeout, bool verified) {
  return m_scan->wait_until_ready(timeout, verified);
}

}  // namespace pulse2::catalog
