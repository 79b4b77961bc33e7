#include "mirroring/plan.hpp"

#include <algorithm>
#include <utility>

namespace pulse2::mirroring {

using std::chrono::milliseconds;

Plan::Plan(const PackageSource& packages, std::uint64_t seed)
    : m_packages(packages), m_backoff(milliseconds(5000), milliseconds(300'000), seed) {}

std::vector<std::uint64_t> Plan::configure(PlanOptions options, const Moment& now) {
  Targets before;
  for (const Target& target : m_targets)
    before.push_back(target.rules.name);
  m_targets = rules_for(options.targets);
  m_trees = trees_for(options.srcs);
  m_options = std::move(options);
  m_backoff.set(m_options.round, m_options.retry_limit);
  move_lanes(before);
  rebuild_queues();
  schedule_verifications(now.steady);
  m_next_round = now.steady;
  ++m_version;
  return outdated_jobs();
}

/// The targets in their new order; those that stay keep what is known of them.
std::vector<Plan::Target> Plan::rules_for(const std::vector<TargetRules>& rules) {
  std::vector<Target> targets;
  for (const TargetRules& each : rules) {
    const auto known = target_of(each.name);
    targets.push_back(known ? m_targets[*known] : Target{});
    targets.back().rules = each;
  }
  return targets;
}

/// The trees in their new order; packages of those that go are forgotten.
std::vector<Plan::Tree> Plan::trees_for(const std::vector<std::string>& srcs) {
  std::vector<Tree> trees;
  for (const std::string& src : srcs) {
    const auto known = tree_of(src);
    if (known) {
      trees.push_back(std::move(m_trees[*known]));
      m_trees[*known].src.clear();
    } else {
      trees.emplace_back().src = src;
    }
  }
  for (Tree& gone : m_trees) {
    if (gone.src.empty()) continue;
    for (const auto& [folder, id] : gone.by_folder) {
      m_items[id] = Item{};
      m_free.push_back(id);
    }
  }
  for (std::size_t i = 0; i < trees.size(); ++i) {
    for (const auto& [folder, id] : trees[i].by_folder)
      m_items[id].tree = static_cast<std::uint32_t>(i);
  }
  return trees;
}

/// Lanes and pairs follow the new order of the targets.
void Plan::move_lanes(const Targets& before) {
  std::vector<std::optional<std::size_t>> from;
  for (const Target& target : m_targets) {
    const auto found = std::find(before.begin(), before.end(), target.rules.name);
    if (found == before.end()) {
      from.emplace_back();
    } else {
      from.emplace_back(found - before.begin());
    }
  }
  const auto move = [&](auto& values) {
    std::decay_t<decltype(values)> moved(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (from[i] && *from[i] < values.size()) moved[i] = std::move(values[*from[i]]);
    }
    values = std::move(moved);
  };
  for (Tree& tree : m_trees)
    move(tree.lanes);
  for (Item& item : m_items) {
    if (item.is_used) move(item.pairs);
  }
}

/// Everything that does not run is looked at afresh: a reload tries at once.
void Plan::rebuild_queues() {
  for (Tree& tree : m_trees) {
    for (Lane& lane : tree.lanes) {
      lane.ready.clear();
      lane.delayed = {};
    }
  }
  m_incoming.clear();
  m_held = 0;
  for (ItemId id = 0; id < m_items.size(); ++id) {
    Item& item = m_items[id];
    if (!item.is_used) continue;
    item.is_incoming = false;
    item.lacking = 0;
    for (Pair& pair : item.pairs) {
      if (pair.state == State::synchronised) continue;
      ++item.lacking;
      if (pair.state == State::ready || pair.state == State::delayed) pair.state = State::waiting;
    }
    if (holders(item) < needed()) ++m_held;
    if (item.open_changes == 0) await_round(id);
    drop_if_done(id);
  }
}

void Plan::schedule_verifications(Time now) {
  for (Tree& tree : m_trees) {
    for (Lane& lane : tree.lanes) {
      if (!lane.is_filled || lane.is_verifying) continue;
      const Time latest = now + m_options.verify_round;
      if (m_options.verify_round.count() == 0) {
        lane.next_verification.reset();
      } else if (!lane.next_verification || *lane.next_verification > latest) {
        lane.next_verification = latest;
      }
    }
  }
}

std::vector<std::uint64_t> Plan::outdated_jobs() {
  for (Target& target : m_targets)
    target.running = 0;
  std::vector<std::uint64_t> outdated;
  for (const auto& [id, run] : m_running) {
    const auto target = target_of(run.job.target);
    if (target) ++m_targets[*target].running;
    if (!target || !tree_of(run.job.src)) outdated.push_back(id);
  }
  return outdated;
}

std::optional<std::size_t> Plan::tree_of(std::string_view src) const {
  for (std::size_t i = 0; i < m_trees.size(); ++i) {
    if (m_trees[i].src == src) return i;
  }
  return std::nullopt;
}

std::optional<std::size_t> Plan::target_of(std::string_view name) const {
  for (std::size_t i = 0; i < m_targets.size(); ++i) {
    if (m_targets[i].rules.name == name) return i;
  }
  return std::nullopt;
}

std::optional<Plan::ItemId> Plan::find_item(std::size_t tree, std::string_view folder) const {
  const auto found = m_trees[tree].by_folder.find(folder);
  if (found == m_trees[tree].by_folder.end()) return std::nullopt;
  return found->second;
}

Plan::ItemId Plan::item_of(std::size_t tree, const Package& package, const Moment& now) {
  if (const auto known = find_item(tree, package.folder)) {
    Item& item = m_items[*known];
    if (item.package.pid == package.pid) return *known;
    // Another package took the folder: it is one folder to copy all the same.
    auto [first, last] = m_trees[tree].by_pid.equal_range(item.package.pid);
    while (first->second != *known)
      ++first;
    m_trees[tree].by_pid.erase(first);
    item.package.pid = package.pid;
    m_trees[tree].by_pid.emplace(package.pid, *known);
    return *known;
  }
  ItemId id = 0;
  if (m_free.empty()) {
    id = static_cast<ItemId>(m_items.size());
    m_items.emplace_back();
  } else {
    id = m_free.back();
    m_free.pop_back();
  }
  Item& item = m_items[id];
  item.package = package;
  item.tree = static_cast<std::uint32_t>(tree);
  item.is_used = true;
  item.since = now.date;
  item.warned = now.steady;
  item.pairs.resize(m_targets.size());
  if (holders(item) < needed()) ++m_held;
  m_trees[tree].by_folder.emplace(package.folder, id);
  m_trees[tree].by_pid.emplace(package.pid, id);
  return id;
}

void Plan::drop_if_done(ItemId id) {
  const Item& item = m_items[id];
  // One that the next round looks at is dropped then.
  if (item.lacking == 0 && item.open_changes == 0 && !item.is_incoming) forget(id);
}

void Plan::forget(ItemId id) {
  Item& item = m_items[id];
  Tree& tree = m_trees[item.tree];
  if (holders(item) < needed()) --m_held;
  tree.by_folder.erase(item.package.folder);
  auto [first, last] = tree.by_pid.equal_range(item.package.pid);
  for (; first != last; ++first) {
    if (first->second != id) continue;
    tree.by_pid.erase(first);
    break;
  }
  item = Item{};
  m_free.push_back(id);
}

std::size_t Plan::needed() const {
  return std::min(m_options.hold.value_or(m_targets.size()), m_targets.size());
}

std::size_t Plan::holders(const Item& item) const {
  const auto& lanes = m_trees[item.tree].lanes;
  std::size_t count = 0;
  for (std::size_t i = 0; i < item.pairs.size(); ++i) {
    if (lanes[i].is_filled && item.pairs[i].state == State::synchronised) ++count;
  }
  return count;
}

void Plan::set_lacking(ItemId id, std::size_t target, State state) {
  Item& item = m_items[id];
  const bool was_held = holders(item) < needed();
  Pair& pair = item.pairs[target];
  if (pair.state == State::synchronised) ++item.lacking;
  pair.state = state;
  if (was_held || holders(item) >= needed()) return;
  ++m_held;
  ++m_version;
}

void Plan::set_synchronised(ItemId id, std::size_t target) {
  Item& item = m_items[id];
  const bool was_held = holders(item) < needed();
  if (item.pairs[target].state != State::synchronised) --item.lacking;
  item.pairs[target] = Pair{};
  if (!was_held || holders(item) < needed()) return;
  --m_held;
  ++m_version;
}

void Plan::await_round(ItemId id) {
  if (std::exchange(m_items[id].is_incoming, true)) return;
  m_incoming.push_back(id);
}

void Plan::make_ready(ItemId id, std::size_t target) {
  Item& item = m_items[id];
  item.pairs[target].state = State::ready;
  lane(item.tree, target).ready.push_back(id);
}

void Plan::set_filled(std::string_view src, std::string_view target,
                      std::chrono::system_clock::time_point verified, const Moment& now) {
  const auto tree = tree_of(src);
  const auto place = target_of(target);
  if (!tree || !place) return;
  Lane& filled = lane(*tree, *place);
  filled.is_filled = true;
  ++m_version;
  if (m_options.verify_round.count() == 0) return;
  // A clock that was set back may date it in the future.
  const auto age = std::max(now.date - verified, std::chrono::system_clock::duration(0));
  filled.next_verification =
      now.steady +
      std::max<std::chrono::nanoseconds>(m_options.verify_round - age, std::chrono::nanoseconds(0));
}

void Plan::restore(std::string_view src, const Package& package, const Targets& targets,
                   std::chrono::system_clock::time_point since) {
  const auto tree = tree_of(src);
  if (!tree) return;
  const ItemId id = item_of(*tree, package, Moment{});
  m_items[id].since = since;
  for (const std::string& name : targets) {
    if (const auto target = target_of(name)) set_lacking(id, *target, State::waiting);
  }
  await_round(id);
}

Plan::Targets Plan::unfilled(std::string_view src) const {
  Targets names;
  const auto tree = tree_of(src);
  if (!tree) return names;
  for (std::size_t i = 0; i < m_targets.size(); ++i) {
    if (!m_trees[*tree].lanes[i].is_filled) names.push_back(m_targets[i].rules.name);
  }
  return names;
}

void Plan::fill(std::string_view src, const Targets& targets, const std::vector<Package>& packages,
                const Moment& now) {
  const auto tree = tree_of(src);
  if (!tree) return;
  for (const std::string& name : targets) {
    if (target_of(name)) set_filled(src, name, now.date, now);
  }
  // Filled lanes count from now on: what they lack does not.
  m_held = 0;
  for (const Item& item : m_items) {
    if (item.is_used && holders(item) < needed()) ++m_held;
  }
  for (const Package& package : packages) {
    const ItemId id = item_of(*tree, package, now);
    for (const std::string& name : targets) {
      const auto target = target_of(name);
      if (!target || m_items[id].pairs[*target].state != State::synchronised) continue;
      set_lacking(id, *target, State::waiting);
    }
    if (m_items[id].open_changes == 0) await_round(id);
  }
  ++m_version;
}

void Plan::begin_change(std::string_view src, const std::vector<Package>& packages,
                        const Moment& now) {
  const auto tree = tree_of(src);
  if (!tree || m_targets.empty()) return;
  for (const Package& package : packages) {
    const ItemId id = item_of(*tree, package, now);
    Item& item = m_items[id];
    if (item.lacking == 0) item.since = now.date;
    item.generation = ++m_generation;
    ++item.open_changes;
    for (std::size_t i = 0; i < m_targets.size(); ++i) {
      if (item.pairs[i].state == State::synchronised) set_lacking(id, i, State::waiting);
    }
  }
}

void Plan::end_change(std::string_view src, const std::vector<Package>& packages) {
  const auto tree = tree_of(src);
  if (!tree) return;
  for (const Package& package : packages) {
    const auto id = find_item(*tree, package.folder);
    if (!id || m_items[*id].open_changes == 0) continue;
    // What began to read during the change may have missed a part of it.
    m_items[*id].generation = ++m_generation;
    if (--m_items[*id].open_changes == 0) await_round(*id);
  }
}

void Plan::set_frozen(std::string_view src, bool frozen) {
  if (const auto tree = tree_of(src)) m_trees[*tree].is_frozen = frozen;
}

void Plan::verify_all(const Moment& now) {
  for (Tree& tree : m_trees) {
    for (Lane& lane : tree.lanes)
      lane.next_verification = now.steady;
  }
}

bool Plan::is_held(std::string_view src, std::string_view pid) const {
  const auto tree = tree_of(src);
  if (!tree || m_targets.empty()) return false;
  const auto [first, last] = m_trees[*tree].by_pid.equal_range(pid);
  for (auto each = first; each != last; ++each) {
    if (holders(m_items[each->second]) < needed()) return true;
  }
  if (first != last) return false;
  const auto& lanes = m_trees[*tree].lanes;
  const auto filled = static_cast<std::size_t>(
      std::count_if(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.is_filled; }));
  return filled < needed();
}

bool Plan::holds_nothing() const noexcept {
  const auto is_filled = [](const Tree& tree) {
    return std::all_of(tree.lanes.begin(), tree.lanes.end(),
                       [](const Lane& lane) { return lane.is_filled; });
  };
  return m_held == 0 && std::all_of(m_trees.begin(), m_trees.end(), is_filled);
}

bool Plan::is_pending(std::string_view src, std::string_view pid) const {
  const auto tree = tree_of(src);
  return tree && m_trees[*tree].by_pid.contains(pid);
}

std::vector<bool> Plan::synchronised(std::string_view src, std::string_view pid) const {
  std::vector<bool> answers(m_targets.size(), true);
  const auto tree = tree_of(src);
  if (!tree) return answers;
  for (std::size_t i = 0; i < answers.size(); ++i)
    answers[i] = m_trees[*tree].lanes[i].is_filled;
  const auto [first, last] = m_trees[*tree].by_pid.equal_range(pid);
  for (auto each = first; each != last; ++each) {
    const auto& pairs = m_items[each->second].pairs;
    for (std::size_t i = 0; i < answers.size(); ++i)
      answers[i] = answers[i] && pairs[i].state == State::synchronised;
  }
  return answers;
}

std::vector<Event> Plan::take_events() {
  return std::exchange(m_events, {});
}

}  // namespace pulse2::mirroring
