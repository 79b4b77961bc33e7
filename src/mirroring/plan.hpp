#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "mirroring/backoff.hpp"
#include "mirroring/job.hpp"
#include "mirroring/plan_options.hpp"
#include "mirroring/status.hpp"

namespace pulse2::mirroring {

/// What the log has to tell of planning.
struct Event {
  enum class Kind {
    target_down,  ///< from now on only probes go there
    target_back,
    verified,  ///< every package of the tree was compared; `count` of them differed
    held,      ///< the package is held back for longer than is wanted
    not_shown  ///< so many more packages are held too long
  };
  Kind kind = Kind::target_down;
  std::string target = {};
  std::string src = {};
  std::string pid = {};
  std::string text = {};  ///< the target's last error
  std::uint64_t count = 0;
  std::chrono::seconds time{0};  ///< held for so long; until the next try
};

/// Decides what is copied where and when: a state machine over values and the times that it is
/// told, without a system call. For each package and target it knows whether the target has the
/// package as it is now; each change has a number, and a run that began before the last change does
/// not count. One user at a time.
class Plan {
 public:
  using Targets = std::vector<std::string>;

  /// `packages` outlives the plan. Equal seeds give equal intervals.
  Plan(const PackageSource& packages, std::uint64_t seed);

  /// Follows other options from now on. Targets and trees that are no longer named are forgotten;
  /// new ones lack every package. Jobs for what is forgotten have to be stopped: their ids.
  [[nodiscard]] std::vector<std::uint64_t> configure(PlanOptions options, const Moment& now);
  [[nodiscard]] const PlanOptions& options() const noexcept { return m_options; }

  /// What was known before a restart: the target lacks only what is restored.
  void set_filled(std::string_view src, std::string_view target,
                  std::chrono::system_clock::time_point verified, const Moment& now);
  /// The targets lack this package; unknown ones do not count.
  void restore(std::string_view src, const Package& package, const Targets& targets,
               std::chrono::system_clock::time_point since);
  /// Targets of which nothing is known yet.
  [[nodiscard]] Targets unfilled(std::string_view src) const;
  /// From now on these targets lack just these packages and those that change.
  void fill(std::string_view src, const Targets& targets, const std::vector<Package>& packages,
            const Moment& now);

  /// No job begins for the packages until the change ends; all targets lack them.
  void begin_change(std::string_view src, const std::vector<Package>& packages, const Moment& now);
  void end_change(std::string_view src, const std::vector<Package>& packages);
  void set_frozen(std::string_view src, bool frozen);
  /// Compares everything with every target, as soon as nothing else is to be done there.
  void verify_all(const Moment& now);

  /// Jobs that begin now.
  [[nodiscard]] std::vector<Job> start(const Moment& now);
  /// The job removes what is gone here: what is copied meanwhile may be removed with it.
  void begin_sweep(std::uint64_t job);
  /// What a finished job changed.
  struct Finished {
    std::optional<Job> cleared;  ///< the target has the package of this job
    std::optional<Job> marked;   ///< the target lacks the package of this job
  };
  Finished finish(std::uint64_t job, const Outcome& outcome, const Moment& now);
  /// When start() is to be called again, if nothing is finished or changed before.
  [[nodiscard]] std::chrono::steady_clock::time_point next_wake() const;

  [[nodiscard]] bool is_held(std::string_view src, std::string_view pid) const;
  [[nodiscard]] bool holds_nothing() const noexcept;
  [[nodiscard]] bool is_pending(std::string_view src, std::string_view pid) const;
  /// Grows whenever is_held() may answer something else.
  [[nodiscard]] std::uint64_t version() const noexcept { return m_version; }
  [[nodiscard]] std::vector<bool> synchronised(std::string_view src, std::string_view pid) const;
  /// For each target; the member `bytes` is not known here.
  [[nodiscard]] std::vector<TargetReport> status(const Moment& now) const;
  /// Calls back for each package and the targets (by their places) that lack it.
  template <class Function>
  void for_each_pending(Function function) const;
  /// What happened since the last call.
  [[nodiscard]] std::vector<Event> take_events();

 private:
  using Time = std::chrono::steady_clock::time_point;
  using ItemId = std::uint32_t;

  enum class State : std::uint8_t {
    synchronised,
    waiting,  ///< for the next round, the end of a change or the package's files
    ready,    ///< in the lane's queue
    delayed,  ///< failed, tried again later
    running,
    after_sweep,  ///< copied; a sweep that runs may have removed it again
  };
  /// A package at one target.
  struct Pair {
    State state = State::synchronised;
    std::uint8_t failures = 0;
    bool repairs = false;
  };
  struct Item {
    Package package;
    std::uint32_t tree = 0;
    std::uint32_t open_changes = 0;
    std::uint32_t lacking = 0;  ///< targets without it
    bool is_incoming = false;   ///< the next round looks at it
    bool is_used = false;
    std::uint64_t generation = 0;                 ///< of its last change
    std::chrono::system_clock::time_point since;  ///< some target lacks it
    Time warned;                                  ///< that it is held
    std::vector<Pair> pairs;                      ///< for each target
  };
  using Delayed = std::pair<Time, ItemId>;
  /// One tree at one target.
  struct Lane {
    bool is_filled = false;
    std::deque<ItemId> ready;
    std::priority_queue<Delayed, std::vector<Delayed>, std::greater<>> delayed;
    Time next_tree{};
    bool is_tree_running = false;
    unsigned tree_failures = 0;
    std::vector<std::uint64_t> sweeps;  ///< generations in which those that run began
    std::size_t after_sweep = 0;
    std::optional<Time> next_verification;  ///< of the whole tree
    bool is_verifying = false;
    std::string verified_to;  ///< folder
    std::uint64_t differing = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  struct Tree {
    std::string src;
    bool is_frozen = false;
    std::unordered_map<std::string, ItemId, Hash, std::equal_to<>> by_folder;
    std::unordered_multimap<std::string, ItemId, Hash, std::equal_to<>> by_pid;
    std::vector<Lane> lanes;  ///< for each target
  };
  struct Target {
    TargetRules rules;
    std::size_t running = 0;
    std::size_t turn = 0;  ///< tree that is looked at first
    bool is_down = false;
    unsigned failures = 0;    ///< in a row, of the target or of different packages
    std::string last_failed;  ///< folder of the package
    Time next_probe{};
    std::optional<bool> is_reachable;
    std::optional<std::chrono::system_clock::time_point> last_success;
    std::optional<std::chrono::system_clock::time_point> last_failure;
    std::string last_error;
  };
  struct Running {
    Job job;
    std::uint64_t generation = 0;
    std::optional<std::uint64_t> sweep;
    std::chrono::system_clock::time_point since;
  };

  [[nodiscard]] std::optional<std::size_t> tree_of(std::string_view src) const;
  [[nodiscard]] std::optional<std::size_t> target_of(std::string_view name) const;
  ItemId item_of(std::size_t tree, const Package& package, const Moment& now);
  [[nodiscard]] std::optional<ItemId> find_item(std::size_t tree, std::string_view folder) const;
  void drop_if_done(ItemId id);
  void forget(ItemId id);
  void set_lacking(ItemId id, std::size_t target, State state);
  void set_synchronised(ItemId id, std::size_t target);
  void await_round(ItemId id);
  void make_ready(ItemId id, std::size_t target);
  [[nodiscard]] std::size_t needed() const;
  [[nodiscard]] std::size_t holders(const Item& item) const;
  [[nodiscard]] Lane& lane(std::size_t tree, std::size_t target) {
    return m_trees[tree].lanes[target];
  }

  std::vector<Target> rules_for(const std::vector<TargetRules>& rules);
  std::vector<Tree> trees_for(const std::vector<std::string>& srcs);
  void move_lanes(const Targets& before);
  void rebuild_queues();
  std::vector<std::uint64_t> outdated_jobs();
  void schedule_verifications(Time now);

  void begin_round(const Moment& now);
  void look_at_incoming();
  void warn_of_held(const Moment& now);
  void wake_delayed(Time now);
  [[nodiscard]] std::size_t processes() const;
  [[nodiscard]] bool may_start(const Target& target) const;
  [[nodiscard]] std::optional<Job> next_job(std::size_t target, const Moment& now);
  [[nodiscard]] std::optional<Job> next_in_lane(std::size_t tree, std::size_t target,
                                                const Moment& now);
  [[nodiscard]] std::optional<ItemId> next_item(std::size_t tree, std::size_t target);
  [[nodiscard]] std::optional<Job> next_verification(std::size_t tree, std::size_t target,
                                                     const Moment& now);
  Job begin(Job::Kind kind, std::size_t tree, std::size_t target, Package package,
            std::uint64_t generation, const Moment& now);

  void end_sweep(Lane& lane, std::size_t tree, std::size_t target, std::uint64_t generation);
  /// A sweep that listed the tree before the item's last change runs.
  [[nodiscard]] static bool may_be_swept(const Lane& lane, const Item& item);
  void note_health(Target& target, const Running& run, const Outcome& outcome, const Moment& now);
  void note_failure(Target& target, const Running& run, const Outcome& outcome, const Moment& now);
  void come_back(std::size_t target);
  void finish_tree(Lane& lane, const Outcome& outcome, const Moment& now);
  Finished finish_package(const Running& run, std::size_t tree, std::size_t target,
                          const Outcome& outcome, const Moment& now);
  Finished finish_verification(const Running& run, std::size_t tree, std::size_t target,
                               const Outcome& outcome, const Moment& now);

  const PackageSource& m_packages;
  PlanOptions m_options;
  Backoff m_backoff;
  std::vector<Target> m_targets;
  std::vector<Tree> m_trees;
  std::deque<Item> m_items;
  std::vector<ItemId> m_free;
  std::vector<ItemId> m_incoming;
  std::map<std::uint64_t, Running> m_running;
  std::vector<Event> m_events;
  std::uint64_t m_last_job = 0;
  std::uint64_t m_generation = 0;
  std::uint64_t m_version = 1;
  std::size_t m_held = 0;  ///< packages
  std::size_t m_turn = 0;  ///< target that is looked at first
  Time m_next_round{};
};

template <class Function>
void Plan::for_each_pending(Function function) const {
  std::vector<std::size_t> lacking;
  for (const Item& item : m_items) {
    if (!item.is_used || item.lacking == 0) continue;
    lacking.clear();
    for (std::size_t i = 0; i < item.pairs.size(); ++i) {
      if (item.pairs[i].state != State::synchronised) lacking.push_back(i);
    }
    function(m_trees[item.tree].src, item.package, lacking);
  }
}

}  // namespace pulse2::mirroring
