#include "catalog/detection.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "base/guarded_pointer.hpp"
#include "catalog/task_group.hpp"
#include "catalog/tracked_tree.hpp"
#include "os/folder_watcher.hpp"

namespace pulse2::catalog {

using base::Expected;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// Changes come in swarms: the first hint waits for those that follow it.
constexpr milliseconds k_gather_time{50};
/// Looks that hints ask for take at most this part of the time (1/n)…
constexpr int k_look_share = 5;
/// …but none waits longer than this.
constexpr milliseconds k_longest_pause{800};
/// How often to ask whether the catalogue has read a tree.
constexpr milliseconds k_readiness_pause{100};

}  // namespace

/// The thread and all that belongs to it.
class Detection::Loop {
 public:
  Loop(DetectionOptions options, const DetectionParts& parts, TreeGuard& guard,
       const os::Clock& clock, os::FolderWatcher watcher)
      : m_options(std::make_shared<const DetectionOptions>(std::move(options))),
        m_parts(parts),
        m_guard(guard),
        m_clock(clock),
        m_watcher(std::move(watcher)),
        m_tasks(parts.pool) {}
  ~Loop() { stop(); }

  void start() {
    m_thread = std::thread([this] { run(); });
  }
  void stop();
  void set_options(DetectionOptions options, const std::vector<std::string>& confirmed);

 private:
  struct Drop {
    std::size_t number = 0;
    DropFolder folder;
    Detector detector = {};
    bool is_noted = true;
  };
  /// What the pool did.
  struct Result {
    std::size_t number = 0;
    std::string folder;
    Outcome outcome = Outcome::done;
    std::string taken_over;  ///< the package's folder in the tree, empty: nothing
  };

  void run();
  void follow_options();
  void arrange(const DetectionOptions& options);
  void note_hints();
  void note_results();
  void note(Drop& drop, const Result& result);
  void look();
  void look_at(Drop& drop);
  void look_at_trees(bool is_round);
  void post_orders();
  [[nodiscard]] Outcome take(const std::string& src, const DetectionOptions& options,
                             const TakeOrder& order) const;
  void report(Result result);
  [[nodiscard]] std::optional<steady_clock::time_point> next_wake();
  [[nodiscard]] bool has_notes() const;
  [[nodiscard]] LookParts look_parts();
  [[nodiscard]] TrackedTree* tree_of(std::size_t number);
  [[nodiscard]] Drop* drop_of(std::size_t number);
  [[nodiscard]] std::size_t most_at_work() const {
    return std::max<std::size_t>(1, m_parts.pool.size() / 2);
  }

  std::mutex m_mutex;  ///< guards what other threads hand over
  std::shared_ptr<const DetectionOptions> m_options;
  std::shared_ptr<const DetectionOptions> m_next_options;
  std::vector<std::string> m_confirmed;
  std::vector<Result> m_results;

  DetectionParts m_parts;
  TreeGuard& m_guard;
  const os::Clock& m_clock;
  os::FolderWatcher m_watcher;
  std::atomic<bool> m_stopping{false};
  TreeWatch m_watch{m_watcher, m_parts.reporter};
  PackageTaker m_taker{m_parts, m_stopping};
  Intake m_intake{m_parts, m_guard, m_clock};

  // What follows belongs to the thread.
  std::list<TrackedTree> m_trees;
  std::list<Drop> m_drops;
  std::size_t m_next_number = 0;
  std::deque<TakeOrder> m_orders;
  std::size_t m_at_work = 0;  ///< orders that the pool has
  bool m_has_unread = false;  ///< a tree is read for the first time
  steady_clock::time_point m_next_round{};
  steady_clock::time_point m_next_look{};

  TaskGroup m_tasks;
  std::thread m_thread;
};

void Detection::Loop::stop() {
  m_stopping = true;
  m_tasks.cancel();
  m_watcher.wake();
  if (m_thread.joinable()) m_thread.join();
  while (!m_tasks.wait_idle(std::chrono::seconds(1))) {
  }
}

void Detection::Loop::set_options(DetectionOptions options,
                                  const std::vector<std::string>& confirmed) {
  {
    const std::lock_guard lock(m_mutex);
    m_next_options = std::make_shared<const DetectionOptions>(std::move(options));
    m_confirmed.insert(m_confirmed.end(), confirmed.begin(), confirmed.end());
  }
  m_watcher.wake();
}

void Detection::Loop::run() {
  arrange(*m_options);
  while (!m_stopping) {
    m_watcher.wait(next_wake());
    follow_options();
    note_results();
    note_hints();
    if (m_options->is_active && !m_stopping) look();
    post_orders();
  }
}

void Detection::Loop::follow_options() {
  std::vector<std::string> confirmed;
  {
    const std::lock_guard lock(m_mutex);
    if (!m_next_options) return;
    m_options = std::exchange(m_next_options, nullptr);
    confirmed = std::exchange(m_confirmed, {});
  }
  arrange(*m_options);
  for (auto& tree : m_trees) {
    const bool is_confirmed =
        std::find(confirmed.begin(), confirmed.end(), tree.src()) != confirmed.end();
    if (is_confirmed) tree.confirm();
  }
  m_next_round = {};
}

void Detection::Loop::arrange(const DetectionOptions& options) {
  const auto is_wanted = [&options](const std::string& src) {
    return options.is_active &&
           std::find(options.srcs.begin(), options.srcs.end(), src) != options.srcs.end();
  };
  m_trees.remove_if([&](TrackedTree& tree) {
    if (is_wanted(tree.src())) return false;
    tree.let_go(m_parts.ledger);
    m_watch.forget(tree.number());
    return true;
  });
  for (const auto& src : options.srcs) {
    const bool is_there = std::any_of(m_trees.begin(), m_trees.end(),
                                      [&](const auto& tree) { return tree.src() == src; });
    if (is_wanted(src) && !is_there) m_trees.emplace_back(m_next_number++, src);
  }
  for (const auto& drop : m_drops)
    m_watch.forget(drop.number);
  m_drops.clear();
  if (!options.is_active) return;
  for (const auto& folder : options.drop_folders)
    m_drops.push_back({m_next_number++, folder});
}

void Detection::Loop::note_hints() {
  const auto hints = m_watch.take();
  if (hints.is_incomplete) {
    for (auto& tree : m_trees)
      tree.note_everything();
    for (auto& drop : m_drops)
      drop.is_noted = true;
  }
  const bool had_notes = has_notes();
  for (const auto& hint : hints.hints) {
    if (TrackedTree* tree = tree_of(hint.tree)) tree->note(hint);
    if (Drop* drop = drop_of(hint.tree)) drop->is_noted = true;
  }
  if (!had_notes && has_notes()) {
    m_next_look = std::max(m_next_look, steady_clock::now() + k_gather_time);
  }
}

void Detection::Loop::note_results() {
  std::vector<Result> results;
  {
    const std::lock_guard lock(m_mutex);
    results.swap(m_results);
  }
  const Moment now = Moment::now(m_clock);
  for (const auto& result : results) {
    --m_at_work;
    if (Drop* drop = drop_of(result.number)) note(*drop, result);
    TrackedTree* tree = tree_of(result.number);
    if (tree == nullptr) continue;
    Detector& detector = tree->detector();
    if (result.outcome == Outcome::done) detector.taken(result.folder);
    if (result.outcome == Outcome::again) detector.put_off(result.folder, now);
    if (result.outcome == Outcome::unusable) detector.dismiss(result.folder);
  }
}

void Detection::Loop::note(Drop& drop, const Result& result) {
  Detector& detector = drop.detector;
  if (result.outcome == Outcome::done) detector.taken(result.folder);
  if (result.outcome == Outcome::again) detector.put_off(result.folder, Moment::now(m_clock));
  if (result.outcome == Outcome::unusable) detector.dismiss(result.folder);
  if (result.taken_over.empty()) return;
  for (auto& tree : m_trees) {
    if (tree.src() != drop.folder.src) continue;
    // It was complete before it was moved.
    tree.detector().trust(result.taken_over);
    tree.note_folder(result.taken_over);
  }
}

void Detection::Loop::look() {
  const auto began = steady_clock::now();
  const bool is_round = began >= m_next_round;
  if (!is_round && began < m_next_look) return;
  if (is_round) m_next_round = began + m_options->rules.round;
  const bool had_unread = std::exchange(m_has_unread, false);
  if (is_round && !m_drops.empty()) m_intake.forget_old_uploads();
  for (auto& drop : m_drops) {
    const Moment now = Moment::now(m_clock);
    // What was in the way in the tree may be gone in the next round.
    if (is_round) drop.detector.reconsider();
    const auto due = drop.detector.next_due(m_options->rules, now);
    if (is_round || drop.is_noted || (due && *due <= now.steady)) look_at(drop);
  }
  look_at_trees(is_round);
  // Rounds, and the first look at a tree, have their own pace. What they took is no reason to let
  // hints wait: of 10,000 packages, the first change was seen 0.7 s after it was complete, others
  // 0.03 s.
  if (is_round || had_unread) return;
  const auto ended = steady_clock::now();
  const auto pause =
      std::min<steady_clock::duration>(k_longest_pause, (k_look_share - 1) * (ended - began));
  m_next_look = std::max(m_next_look, ended + pause);
}

void Detection::Loop::look_at(Drop& drop) {
  drop.is_noted = false;
  m_watch.begin_round(drop.number);
  const auto sighting = m_intake.look(drop.folder.folder, [&](const std::string& folder, int fd) {
    m_watch.see(drop.number, folder, fd);
  });
  m_watch.end_round(drop.number);
  const auto findings = drop.detector.judge({}, sighting, m_options->rules, Moment::now(m_clock));
  for (const auto& name : findings.complete)
    m_orders.push_back({drop.number, name, {}});
}

void Detection::Loop::look_at_trees(bool is_round) {
  const LookParts with = look_parts();
  std::vector<TakeOrder> orders;
  for (auto& tree : m_trees) {
    const bool is_known =
        is_round ? tree.look_at_everything(with, orders) : tree.look_where_noted(with, orders);
    if (is_known) continue;
    tree.note_everything();
    m_has_unread = true;
    m_next_look = steady_clock::now() + k_readiness_pause;
  }
  m_orders.insert(m_orders.end(), orders.begin(), orders.end());
}

LookParts Detection::Loop::look_parts() {
  return {m_parts,
          m_taker,
          m_guard,
          m_watch,
          m_clock,
          m_options->rules,
          m_options->follow_links_to,
          m_options->vanish_limit};
}

void Detection::Loop::post_orders() {
  while (!m_orders.empty() && m_at_work < most_at_work()) {
    const TakeOrder order = std::move(m_orders.front());
    m_orders.pop_front();
    ++m_at_work;
    if (const Drop* drop = drop_of(order.tree)) {
      m_tasks.post([this, folder = drop->folder, order] {
        auto moved = m_intake.take_over(folder, order.folder);
        report({order.tree, order.folder, moved.outcome, std::move(moved.package)});
      });
    } else if (const TrackedTree* tree = tree_of(order.tree)) {
      m_tasks.post([this, src = tree->src(), options = m_options, order] {
        report({order.tree, order.folder, take(src, *options, order), {}});
      });
    } else {
      --m_at_work;
    }
  }
}

Outcome Detection::Loop::take(const std::string& src, const DetectionOptions& options,
                              const TakeOrder& order) const {
  const auto root = os::Root::open(src, options.follow_links_to);
  return root ? m_taker.take(*root, order.folder, order.from) : Outcome::again;
}

void Detection::Loop::report(Result result) {
  {
    const std::lock_guard lock(m_mutex);
    m_results.push_back(std::move(result));
  }
  m_watcher.wake();
}

bool Detection::Loop::has_notes() const {
  return std::any_of(m_trees.begin(), m_trees.end(),
                     [](const TrackedTree& tree) { return tree.has_notes(); }) ||
         std::any_of(m_drops.begin(), m_drops.end(),
                     [](const Drop& drop) { return drop.is_noted; });
}

std::optional<steady_clock::time_point> Detection::Loop::next_wake() {
  if (!m_options->is_active) return std::nullopt;
  auto wake = m_next_round;
  if (has_notes()) wake = std::min(wake, m_next_look);
  const Moment now = Moment::now(m_clock);
  const auto consider = [&](const Detector& detector) {
    if (const auto due = detector.next_due(m_options->rules, now)) {
      wake = std::min(wake, std::max(*due, m_next_look));
    }
  };
  for (auto& tree : m_trees)
    consider(tree.detector());
  for (const auto& drop : m_drops)
    consider(drop.detector);
  return wake;
}

TrackedTree* Detection::Loop::tree_of(std::size_t number) {
  const auto found = std::find_if(m_trees.begin(), m_trees.end(),
                                  [number](const auto& tree) { return tree.number() == number; });
  return found == m_trees.end() ? nullptr : &*found;
}

Detection::Loop::Drop* Detection::Loop::drop_of(std::size_t number) {
  const auto found = std::find_if(m_drops.begin(), m_drops.end(),
                                  [number](const Drop& drop) { return drop.number == number; });
  return found == m_drops.end() ? nullptr : &*found;
}

Detection::Detection(std::unique_ptr<Loop> loop) : m_loop(std::move(loop)) {}
Detection::~Detection() = default;

Expected<std::unique_ptr<Detection>> Detection::create(DetectionOptions options,
                                                       const DetectionParts& parts,
                                                       TreeGuard& guard, const os::Clock& clock) {
  auto watcher = os::FolderWatcher::open();
  if (!watcher) return tl::unexpected(std::move(watcher).error());
  return std::unique_ptr<Detection>(new Detection(
      std::make_unique<Loop>(std::move(options), parts, guard, clock, std::move(*watcher))));
}

void Detection::start() {
  m_loop->start();
}
void Detection::stop() {
  m_loop->stop();
}
void Detection::set_options(DetectionOptions options, const std::vector<std::string>& confirmed) {
  m_loop->set_options(std::move(options), confirmed);
}

}  // namespace pulse2::catalog
