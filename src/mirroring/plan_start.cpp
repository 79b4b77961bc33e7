#include <algorithm>
#include <utility>

#include "mirroring/plan.hpp"

/// Which jobs begin, and when there is something to begin.
namespace pulse2::mirroring {

namespace {

constexpr std::size_t k_least_processes = 4;
/// Packages that are named in one round as held for too long.
constexpr std::size_t k_named_held = 10;

}  // namespace

std::vector<Job> Plan::start(const Moment& now) {
  std::vector<Job> jobs;
  if (m_targets.empty()) return jobs;
  if (now.steady >= m_next_round) begin_round(now);
  wake_delayed(now.steady);
  ++m_turn;
  // Every target gets its first process before any gets its second.
  bool goes_on = true;
  for (std::size_t level = 0; goes_on; ++level) {
    goes_on = false;
    for (std::size_t i = 0; i < m_targets.size(); ++i) {
      const std::size_t place = (m_turn + i) % m_targets.size();
      if (m_targets[place].running == level && may_start(m_targets[place])) {
        if (auto job = next_job(place, now)) jobs.push_back(std::move(*job));
      }
      goes_on = goes_on || m_targets[place].running > level;
    }
  }
  return jobs;
}

void Plan::begin_round(const Moment& now) {
  m_next_round = now.steady + m_options.round;
  look_at_incoming();
  warn_of_held(now);
}

void Plan::look_at_incoming() {
  for (const ItemId id : std::exchange(m_incoming, {})) {
    Item& item = m_items[id];
    item.is_incoming = false;
    if (item.open_changes > 0) continue;
    if (m_packages.waits_for_files(m_trees[item.tree].src, item.package.pid)) {
      await_round(id);
      continue;
    }
    for (std::size_t i = 0; i < item.pairs.size(); ++i) {
      if (item.pairs[i].state == State::waiting) make_ready(id, i);
    }
    drop_if_done(id);
  }
}

void Plan::warn_of_held(const Moment& now) {
  if (m_options.hold_warning.count() == 0 || m_held == 0) return;
  std::size_t named = 0;
  std::size_t more = 0;
  for (Item& item : m_items) {
    if (!item.is_used || now.date - item.since < m_options.hold_warning) continue;
    if (now.steady - item.warned < m_options.hold_warning || holders(item) >= needed()) continue;
    item.warned = now.steady;
    if (++named > k_named_held) {
      ++more;
      continue;
    }
    const auto lacking = std::find_if(item.pairs.begin(), item.pairs.end(), [](const Pair& pair) {
      return pair.state != State::synchronised;
    });
    if (lacking == item.pairs.end()) continue;
    const Target& target = m_targets[static_cast<std::size_t>(lacking - item.pairs.begin())];
    const auto time = std::chrono::duration_cast<std::chrono::seconds>(now.date - item.since);
    m_events.push_back({Event::Kind::held, target.rules.name, m_trees[item.tree].src,
                        item.package.pid, target.last_error, 0, time});
  }
  if (more > 0) m_events.push_back({Event::Kind::not_shown, {}, {}, {}, {}, more});
}

void Plan::wake_delayed(Time now) {
  for (Tree& tree : m_trees) {
    for (std::size_t i = 0; i < tree.lanes.size(); ++i) {
      auto& delayed = tree.lanes[i].delayed;
      while (!delayed.empty() && delayed.top().first <= now) {
        make_ready(delayed.top().second, i);
        delayed.pop();
      }
    }
  }
}

std::size_t Plan::processes() const {
  if (m_options.processes > 0) return m_options.processes;
  return std::max(m_targets.size(), k_least_processes);
}

/// A target's further processes leave a free one for each target that has none.
bool Plan::may_start(const Target& target) const {
  if (m_running.size() >= processes()) return false;
  const std::size_t free = processes() - m_running.size();
  if (target.running == 0) return true;
  auto idle = static_cast<std::size_t>(std::count_if(
      m_targets.begin(), m_targets.end(), [](const Target& each) { return each.running == 0; }));
  // With fewer processes than targets there can't be one for each.
  if (processes() < m_targets.size()) idle = std::min<std::size_t>(idle, 1);
  return free > idle;
}

std::optional<Job> Plan::next_job(std::size_t target, const Moment& now) {
  Target& rules = m_targets[target];
  if (rules.is_down && (rules.running > 0 || now.steady < rules.next_probe)) return std::nullopt;
  if (!rules.rules.windows.contains(now.minute)) return std::nullopt;
  ++rules.turn;
  for (std::size_t i = 0; i < m_trees.size(); ++i) {
    if (auto job = next_in_lane((rules.turn + i) % m_trees.size(), target, now)) return job;
  }
  if (rules.is_down || rules.running > 0) return std::nullopt;
  for (std::size_t i = 0; i < m_trees.size(); ++i) {
    if (auto job = next_verification((rules.turn + i) % m_trees.size(), target, now)) return job;
  }
  return std::nullopt;
}

std::optional<Job> Plan::next_in_lane(std::size_t tree, std::size_t target, const Moment& now) {
  if (m_trees[tree].is_frozen) return std::nullopt;
  Lane& lane = m_trees[tree].lanes[target];
  if (m_options.copies_trees && !lane.is_tree_running && now.steady >= lane.next_tree) {
    lane.is_tree_running = true;
    lane.sweeps.push_back(m_generation);
    Job job = begin(Job::Kind::tree, tree, target, {}, m_generation, now);
    m_running[job.id].sweep = m_generation;
    return job;
  }
  const auto id = next_item(tree, target);
  if (!id) return std::nullopt;
  Item& item = m_items[*id];
  item.pairs[target].state = State::running;
  Job job = begin(Job::Kind::package, tree, target, item.package, item.generation, now);
  job.repairs = item.pairs[target].repairs;
  return job;
}

std::optional<Plan::ItemId> Plan::next_item(std::size_t tree, std::size_t target) {
  Lane& lane = m_trees[tree].lanes[target];
  // A probe may be of any package, even of one that waits after a failure.
  if (lane.ready.empty() && m_targets[target].is_down && !lane.delayed.empty()) {
    make_ready(lane.delayed.top().second, target);
    lane.delayed.pop();
  }
  while (!lane.ready.empty()) {
    const ItemId id = lane.ready.front();
    lane.ready.pop_front();
    const Item& item = m_items[id];
    const bool waits = m_packages.waits_for_files(m_trees[tree].src, item.package.pid);
    if (item.open_changes == 0 && !waits) return id;
    m_items[id].pairs[target].state = State::waiting;
    if (item.open_changes == 0) await_round(id);
  }
  return std::nullopt;
}

std::optional<Job> Plan::next_verification(std::size_t tree, std::size_t target,
                                           const Moment& now) {
  Lane& lane = m_trees[tree].lanes[target];
  if (m_trees[tree].is_frozen || !lane.is_filled || !lane.next_verification) return std::nullopt;
  if (!lane.is_verifying && now.steady < *lane.next_verification) return std::nullopt;
  if (!std::exchange(lane.is_verifying, true)) {
    lane.verified_to.clear();
    lane.differing = 0;
  }
  while (auto package = m_packages.next_package(m_trees[tree].src, lane.verified_to)) {
    lane.verified_to = package->folder;
    const auto id = find_item(tree, package->folder);
    // What is copied anyway needs no verification.
    if (id && (m_items[*id].open_changes > 0 ||
               m_items[*id].pairs[target].state != State::synchronised)) {
      continue;
    }
    const auto generation = id ? m_items[*id].generation : 0;
    return begin(Job::Kind::verification, tree, target, std::move(*package), generation, now);
  }
  lane.is_verifying = false;
  lane.next_verification.reset();
  if (m_options.verify_round.count() > 0) {
    lane.next_verification = now.steady + m_options.verify_round;
  }
  m_events.push_back({Event::Kind::verified,
                      m_targets[target].rules.name,
                      m_trees[tree].src,
                      {},
                      {},
                      lane.differing});
  return std::nullopt;
}

Job Plan::begin(Job::Kind kind, std::size_t tree, std::size_t target, Package package,
                std::uint64_t generation, const Moment& now) {
  Target& place = m_targets[target];
  ++place.running;
  Job job{++m_last_job,       kind,  m_trees[tree].src,    place.rules.name,
          std::move(package), false, place.rules.bandwidth};
  m_running.emplace(job.id, Running{job, generation, {}, now.date});
  return job;
}

std::chrono::steady_clock::time_point Plan::next_wake() const {
  if (m_targets.empty()) return Time::max();
  Time next = m_next_round;
  for (const Target& target : m_targets) {
    if (target.is_down && target.running == 0) next = std::min(next, target.next_probe);
  }
  for (const Tree& tree : m_trees) {
    for (const Lane& lane : tree.lanes) {
      if (!lane.delayed.empty()) next = std::min(next, lane.delayed.top().first);
    }
  }
  return next;
}

}  // namespace pulse2::mirroring
