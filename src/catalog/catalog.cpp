#include "catalog/catalog.hpp"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/guarded_pointer.hpp"
#include "catalog/live_tree.hpp"
#include "catalog/progress_meter.hpp"
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
/// Least time from one wait for the disk to the next: while a file system commits, whoever makes an
/// MD5SUMS waits for it.
constexpr milliseconds k_sync_pause{500};

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
  Expected<std::function<void()>> prepare_trees(const std::vector<std::string>& srcs,
                                                const std::vector<std::string>& follow_links_to);
  void stop();
  bool wait_until_ready(milliseconds timeout, bool verified);
  std::shared_ptr<const Snapshot> snapshot() const { return m_cell.get(); }
  Progress progress() const { return m_meter.read(); }
  Expected<void> replace(std::string_view src, const std::string& folder,
                         std::shared_ptr<const Entry> entry);
  bool change(std::string_view src, std::vector<Change> changes);
  std::optional<std::vector<Known>> known(std::string_view src, std::string_view place);
  bool is_found(std::string_view src);
  Snapshot::EntryPointer holder(std::string_view src, std::string_view pid);
  void remember(std::string path, const os::FileStatus& status, const base::Md5Digest& digest);
  std::optional<base::Md5Digest> recall(const std::string& path, const os::FileStatus& status);

 private:
  struct OpenTree {
    std::size_t number = 0;
    os::Root root;
  };
  /// Other trees, opened and not yet taken over.
  struct TreeChange {
    std::vector<std::string> srcs;
    std::vector<std::string> follow_links_to;
    std::vector<OpenTree> opened;
  };

  Expected<std::shared_ptr<TreeChange>> open_trees(const std::vector<std::string>& srcs,
                                                   const std::vector<std::string>& follow_links_to);
  void take_over(TreeChange& change);
  [[nodiscard]] bool is_served(const std::string& src) const;
  /// Whether the tree still waits to be scanned.
  [[nodiscard]] bool is_opened(std::size_t number) const;
  [[nodiscard]] const LiveTree* served_tree(std::string_view src) const;

  void run();
  /// Waits for trees to be scanned; false when the catalogue stops.
  bool take_opened_trees();
  void wait_for_trees(std::unique_lock<std::mutex>& lock);
  void scan_trees();
  void end_scan();
  void open_cache();
  void settle();
  void verify();
  void finish();
  void enter(Progress::Phase phase);
  /// Waits until no task is left, doing what is due meanwhile. Everything is published then.
  void work_until_idle();
  void do_what_is_due();
  void publish_events();
  void apply(std::vector<ScanEvent> events);
  /// Serves the trees that were scanned anew instead of what was served until now.
  void exchange_trees();
  [[nodiscard]] std::shared_ptr<const Entry> with_flags(
      const std::shared_ptr<const Entry>& entry) const;
  void publish();
  void publish_locked();
  void flush_cache();
  void report_progress();
  [[nodiscard]] std::vector<std::string> usable_link_targets(
      const std::vector<std::string>& wanted);
  [[nodiscard]] bool any_tree(bool (TreeScan::*is)() const) const;

  CatalogOptions m_options;
  Reporter& m_reporter;
  TaskGroup m_tasks;
  EventQueue m_events;
  ProgressMeter m_meter;
  base::GuardedPointer<Snapshot> m_cell{std::make_shared<const Snapshot>(
      0, std::vector<Snapshot::Tree>{}, std::vector<BrokenPackage>{})};

  std::mutex m_phase_mutex;  ///< guards m_phase
  std::condition_variable m_phase_changed;
  Progress::Phase m_phase = Progress::Phase::idle;

  std::mutex m_mutex;  ///< guards what is published: the scan's thread and editors change it
  std::condition_variable m_trees_changed;
  std::unique_ptr<store::HashCache> m_cache;  ///< set by the scan's thread, under the mutex
  std::vector<LiveTree> m_trees;
  std::vector<OpenTree> m_opened;  ///< to be scanned
  std::uint64_t m_generation = 0;
  bool m_dirty = false;

  // What follows belongs to the controlling thread.
  std::size_t m_next_number = 0;
  std::vector<std::string> m_follow_links_to;

  // What follows belongs to the publishing thread while it runs.
  std::vector<std::unique_ptr<TreeScan>> m_scans;  ///< those that go on
  bool m_is_first = true;                          ///< of the scans
  steady_clock::time_point m_next_publish{};
  steady_clock::time_point m_next_report{};

  std::thread m_thread;
};

Expected<void> Catalog::Scan::start() {
  auto change = open_trees(m_options.srcs, m_options.follow_links_to);
  if (!change) return tl::unexpected(std::move(change).error());
  take_over(**change);
  m_thread = std::thread([this] { run(); });
  return {};
}

Expected<std::function<void()>> Catalog::Scan::prepare_trees(
    const std::vector<std::string>& srcs, const std::vector<std::string>& follow_links_to) {
  auto change = open_trees(srcs, follow_links_to);
  if (!change) return tl::unexpected(std::move(change).error());
  return [this, change = std::move(*change)] { take_over(*change); };
}

Expected<std::shared_ptr<Catalog::Scan::TreeChange>> Catalog::Scan::open_trees(
    const std::vector<std::string>& srcs, const std::vector<std::string>& follow_links_to) {
  auto change = std::make_shared<TreeChange>();
  change->follow_links_to = follow_links_to;
  const bool is_all_anew = follow_links_to != m_follow_links_to;
  const auto link_targets = usable_link_targets(follow_links_to);
  for (const auto& configured : srcs) {
    const std::string src = without_slashes(configured);
    const auto same = std::find(change->srcs.begin(), change->srcs.end(), src);
    if (same != change->srcs.end()) continue;
    change->srcs.push_back(src);
    if (!is_all_anew && is_served(src)) continue;
    auto root = os::Root::open(src, link_targets);
    if (!root) {
      return base::fail(ErrorKind::unavailable, "src " + src + " can't be read",
                        root.error().for_operator());
    }
    change->opened.push_back({m_next_number++, std::move(*root)});
  }
  return change;
}

bool Catalog::Scan::is_served(const std::string& src) const {
  return std::any_of(m_trees.begin(), m_trees.end(),
                     [&](const LiveTree& tree) { return tree.content.src == src; });
}

void Catalog::Scan::take_over(TreeChange& change) {
  const std::lock_guard lock(m_mutex);
  std::vector<LiveTree> trees;
  for (const auto& src : change.srcs) {
    const auto served = std::find_if(m_trees.begin(), m_trees.end(), [&](const LiveTree& tree) {
      return tree.is_served && tree.content.src == src;
    });
    const bool is_known = served != m_trees.end();
    const auto opened = std::find_if(change.opened.begin(), change.opened.end(),
                                     [&](const OpenTree& tree) { return tree.root.path() == src; });
    if (is_known) trees.push_back(std::move(*served));
    if (opened != change.opened.end()) trees.push_back({opened->number, {src, {}}, !is_known});
  }
  m_trees = std::move(trees);
  m_opened = std::move(change.opened);
  m_follow_links_to = std::move(change.follow_links_to);
  if (!m_opened.empty()) enter(Progress::Phase::looking);
  publish_locked();
  m_trees_changed.notify_all();
}

std::vector<std::string> Catalog::Scan::usable_link_targets(
    const std::vector<std::string>& wanted) {
  std::vector<std::string> usable;
  for (const auto& folder : wanted) {
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
  {
    const std::lock_guard lock(m_mutex);
    m_trees_changed.notify_all();
  }
  if (m_thread.joinable()) m_thread.join();
  flush_cache();
}

void Catalog::Scan::run() {
  while (take_opened_trees())
    scan_trees();
}

bool Catalog::Scan::take_opened_trees() {
  std::vector<OpenTree> opened;
  {
    std::unique_lock lock(m_mutex);
    wait_for_trees(lock);
    opened.swap(m_opened);
  }
  if (m_tasks.is_cancelled()) return false;
  const ScanContext context{m_tasks, m_events, m_meter, m_reporter};
  for (auto& tree : opened) {
    m_scans.push_back(std::make_unique<TreeScan>(std::move(tree.root), tree.number, context));
  }
  return true;
}

void Catalog::Scan::wait_for_trees(std::unique_lock<std::mutex>& lock) {
  while (m_opened.empty() && !m_tasks.is_cancelled()) {
    if (!m_dirty) {
      m_trees_changed.wait(lock);
    } else if (steady_clock::now() < m_next_publish) {
      m_trees_changed.wait_until(lock, m_next_publish);
    } else {
      lock.unlock();
      publish();
      flush_cache();
      lock.lock();
    }
  }
}

void Catalog::Scan::scan_trees() {
  m_next_report = steady_clock::now() + m_options.progress_interval;
  m_meter.reset();
  enter(Progress::Phase::looking);
  for (auto& scan : m_scans)
    scan->look();
  // Read while the pool looks.
  open_cache();
  work_until_idle();
  enter(Progress::Phase::hashing);
  for (auto& scan : m_scans)
    scan->hash(m_cache.get());
  work_until_idle();
  settle();
  exchange_trees();
  enter(Progress::Phase::verifying);
  verify();
  finish();
}

void Catalog::Scan::open_cache() {
  if (m_options.cache_file.empty()) return;
  flush_cache();
  {
    const std::lock_guard lock(m_mutex);
    m_cache.reset();
  }
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

bool Catalog::Scan::is_opened(std::size_t number) const {
  return std::any_of(m_opened.begin(), m_opened.end(),
                     [number](const OpenTree& tree) { return tree.number == number; });
}

void Catalog::Scan::exchange_trees() {
  if (m_tasks.is_cancelled()) return;
  const std::lock_guard lock(m_mutex);
  const auto is_outdated = [this](const LiveTree& tree) {
    return std::any_of(m_trees.begin(), m_trees.end(), [&](const LiveTree& other) {
      return other.content.src == tree.content.src && other.number > tree.number &&
             !is_opened(other.number);
    });
  };
  std::vector<LiveTree> trees;
  for (auto& tree : m_trees) {
    if (is_outdated(tree)) continue;
    trees.push_back(std::move(tree));
    if (is_opened(trees.back().number)) continue;
    m_dirty = m_dirty || !trees.back().is_served;
    trees.back().is_served = true;
    trees.back().is_found = true;
  }
  m_trees = std::move(trees);
  if (m_dirty) publish_locked();
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
  const bool is_complete =
      m_is_first && std::all_of(m_scans.begin(), m_scans.end(),
                                [](const auto& scan) { return scan->is_complete(); });
  if (m_cache && is_complete) {
    if (auto done = m_cache->forget_unused(); !done) {
      m_reporter.report(Severity::warning, "catalog.cache_unusable", done.error().for_operator());
    }
  }
  // The folders are let go of: one that is not served any more can be unmounted.
  m_scans.clear();
  if (m_cache) m_cache->release();
  m_is_first = false;
  end_scan();
  m_reporter.report(Severity::info, "catalog.scan_done", describe(m_meter.read()));
  os::release_free_memory();
}

void Catalog::Scan::end_scan() {
  const std::lock_guard lock(m_mutex);
  for (auto& tree : m_trees) {
    if (is_opened(tree.number)) continue;
    tree.is_scanned = true;
    tree.replaced.clear();
  }
  if (m_opened.empty()) enter(Progress::Phase::done);
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
  if (steady_clock::now() >= m_next_publish) publish_events();
  if (steady_clock::now() >= m_next_report) report_progress();
  if (m_cache && m_cache->pending() >= k_hashes_per_transaction) flush_cache();
}

void Catalog::Scan::publish_events() {
  const auto began = steady_clock::now();
  auto events = m_events.drain();
  // What a snapshot shows is on the disk or, where that fails, in memory.
  bool was_synced = false;
  for (auto& scan : m_scans)
    was_synced = scan->sync(events) || was_synced;
  bool is_dirty = false;
  {
    const std::lock_guard lock(m_mutex);
    apply(std::move(events));
    is_dirty = m_dirty;
  }
  if (is_dirty) publish();
  if (was_synced) m_next_publish = std::max(m_next_publish, began + k_sync_pause);
}

void Catalog::Scan::apply(std::vector<ScanEvent> events) {
  for (auto& tree : m_trees) {
    std::vector<Placement> placements;
    for (auto& event : events) {
      if (event.tree != tree.number || tree.replaced.contains(event.folder)) continue;
      placements.push_back(
          {std::move(event.folder), with_flags(event.entry), std::move(event.broken)});
    }
    if (placements.empty()) continue;
    tree.place(std::move(placements));
    m_dirty = true;
  }
}

std::shared_ptr<const Entry> Catalog::Scan::with_flags(
    const std::shared_ptr<const Entry>& entry) const {
  if (!entry || !m_options.waits_for_files) return entry;
  if (!m_options.waits_for_files(*entry->src, entry->id)) return entry;
  auto waiting = std::make_shared<Entry>(*entry);
  waiting->waits_for_files = true;
  return waiting;
}

Expected<void> Catalog::Scan::replace(std::string_view src, const std::string& folder,
                                      std::shared_ptr<const Entry> entry) {
  const Placement placement{folder, std::move(entry), std::nullopt};
  const std::lock_guard lock(m_mutex);
  bool is_known = false;
  for (auto& tree : m_trees) {
    if (tree.content.src != src) continue;
    is_known = true;
    tree.replace(placement);
  }
  if (!is_known) return base::fail(ErrorKind::not_found, "no such package tree", std::string(src));
  publish_locked();
  return {};
}

bool Catalog::Scan::change(std::string_view src, std::vector<Change> changes) {
  const std::lock_guard lock(m_mutex);
  const LiveTree* served = served_tree(src);
  if (served == nullptr) return false;
  const bool is_as_expected = std::all_of(
      changes.begin(), changes.end(),
      [&](const Change& change) { return served->find(change.folder) == change.expected; });
  if (!is_as_expected) return false;
  for (auto& change : changes) {
    const auto entry = with_flags(change.entry);
    for (auto& tree : m_trees) {
      if (tree.content.src == src) tree.replace({change.folder, entry, change.broken});
    }
  }
  m_dirty = true;
  m_trees_changed.notify_all();
  return true;
}

const LiveTree* Catalog::Scan::served_tree(std::string_view src) const {
  const auto served = std::find_if(m_trees.begin(), m_trees.end(), [src](const LiveTree& tree) {
    return tree.is_served && tree.content.src == src;
  });
  return served == m_trees.end() ? nullptr : &*served;
}

std::optional<std::vector<Catalog::Known>> Catalog::Scan::known(std::string_view src,
                                                                std::string_view place) {
  const std::lock_guard lock(m_mutex);
  const LiveTree* tree = served_tree(src);
  if (tree == nullptr || !tree->is_found) return std::nullopt;
  return tree->known(std::string(place));
}

bool Catalog::Scan::is_found(std::string_view src) {
  const std::lock_guard lock(m_mutex);
  const LiveTree* tree = served_tree(without_slashes(std::string(src)));
  return tree != nullptr && tree->is_found;
}

Snapshot::EntryPointer Catalog::Scan::holder(std::string_view src, std::string_view pid) {
  const std::lock_guard lock(m_mutex);
  const LiveTree* tree = served_tree(src);
  if (tree == nullptr) return nullptr;
  const auto& packages = tree->content.packages;
  const auto found = std::find_if(packages.begin(), packages.end(),
                                  [pid](const auto& entry) { return entry->id == pid; });
  return found == packages.end() ? nullptr : *found;
}

std::optional<base::Md5Digest> Catalog::Scan::recall(const std::string& path,
                                                     const os::FileStatus& status) {
  const std::lock_guard lock(m_mutex);
  return m_cache ? m_cache->look_up(path, status) : std::nullopt;
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
  std::vector<Snapshot::Tree> served;
  std::vector<BrokenPackage> broken;
  for (const auto& tree : m_trees) {
    if (!tree.is_served) continue;
    served.push_back(tree.content);
    for (const auto& [folder, reason] : tree.broken)
      broken.push_back(reason);
  }
  auto next =
      std::make_shared<const Snapshot>(++m_generation, std::move(served), std::move(broken));
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
Expected<std::function<void()>> Catalog::prepare_trees(
    const std::vector<std::string>& srcs, const std::vector<std::string>& follow_links_to) {
  return m_scan->prepare_trees(srcs, follow_links_to);
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
bool Catalog::change(std::string_view src, std::vector<Change> changes) {
  return m_scan->change(src, std::move(changes));
}
std::optional<std::vector<Catalog::Known>> Catalog::known(std::string_view src,
                                                          std::string_view place) const {
  return m_scan->known(src, place);
}
bool Catalog::is_found(std::string_view src) const {
  return m_scan->is_found(src);
}
Snapshot::EntryPointer Catalog::holder(std::string_view src, std::string_view pid) const {
  return m_scan->holder(src, pid);
}
std::optional<base::Md5Digest> Catalog::recall(const std::string& path,
                                               const os::FileStatus& status) {
  return m_scan->recall(path, status);
}
void Catalog::remember(std::string path, const os::FileStatus& status,
                       const base::Md5Digest& digest) {
  m_scan->remember(std::move(path), status, digest);
}
bool Catalog::wait_until_ready(milliseconds timeout, bool verified) {
  return m_scan->wait_until_ready(timeout, verified);
}

}  // namespace pulse2::catalog
