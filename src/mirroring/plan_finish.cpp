#include <algorithm>
#include <limits>
#include <utility>

#include "mirroring/plan.hpp"

/// What follows from the outcome of a job.
namespace pulse2::mirroring {

namespace {

using Result = Outcome::Result;

/// So many different packages that fail one after the other mean that the target is at fault.
constexpr unsigned k_failures_of_target = 3;

template <class Number>
void count(Number& number) {
  if (number < std::numeric_limits<Number>::max()) ++number;
}

std::string describe(const Job& job) {
  switch (job.kind) {
    case Job::Kind::package:
      return "package " + job.package.pid;
    case Job::Kind::tree:
      return "tree " + job.src;
    case Job::Kind::verification:
      return "verification of " + job.package.pid;
  }
  return {};
}

}  // namespace

void Plan::begin_sweep(std::uint64_t job) {
  const auto found = m_running.find(job);
  if (found == m_running.end() || found->second.sweep) return;
  const auto tree = tree_of(found->second.job.src);
  const auto target = target_of(found->second.job.target);
  if (!tree || !target) return;
  found->second.sweep = m_generation;
  lane(*tree, *target).sweeps.push_back(m_generation);
}

Plan::Finished Plan::finish(std::uint64_t job, const Outcome& outcome, const Moment& now) {
  const auto found = m_running.find(job);
  if (found == m_running.end()) return {};
  const Running run = std::move(found->second);
  m_running.erase(found);
  const auto target = target_of(run.job.target);
  if (!target) return {};
  if (m_targets[*target].running > 0) --m_targets[*target].running;
  const auto tree = tree_of(run.job.src);
  if (!tree) return {};
  note_health(m_targets[*target], run, outcome, now);
  Lane& place = lane(*tree, *target);
  if (run.sweep) end_sweep(place, *tree, *target, *run.sweep);
  switch (run.job.kind) {
    case Job::Kind::tree:
      finish_tree(place, outcome, now);
      return {};
    case Job::Kind::package:
      return finish_package(run, *tree, *target, outcome, now);
    case Job::Kind::verification:
      return finish_verification(run, *tree, *target, outcome, now);
  }
  return {};
}

void Plan::end_sweep(Lane& lane, std::size_t tree, std::size_t target, std::uint64_t generation) {
  const auto own = std::find(lane.sweeps.begin(), lane.sweeps.end(), generation);
  if (own != lane.sweeps.end()) lane.sweeps.erase(own);
  if (lane.after_sweep == 0) return;
  for (const auto& [folder, id] : m_trees[tree].by_folder) {
    const Item& item = m_items[id];
    if (item.pairs[target].state != State::after_sweep || may_be_swept(lane, item)) continue;
    --lane.after_sweep;
    make_ready(id, target);
  }
}

bool Plan::may_be_swept(const Lane& lane, const Item& item) {
  return std::any_of(lane.sweeps.begin(), lane.sweeps.end(),
                     [&](std::uint64_t generation) { return generation < item.generation; });
}

void Plan::note_health(Target& target, const Running& run, const Outcome& outcome,
                       const Moment& now) {
  if (outcome.result == Result::stopped || outcome.result == Result::src_gone) return;
  if (outcome.result == Result::package_failed || outcome.result == Result::target_failed) {
    return note_failure(target, run, outcome, now);
  }
  target.is_reachable = true;
  target.last_success = now.date;
  target.failures = 0;
  if (!std::exchange(target.is_down, false)) return;
  m_events.push_back({Event::Kind::target_back, target.rules.name});
  come_back(*target_of(target.rules.name));
}

void Plan::note_failure(Target& target, const Running& run, const Outcome& outcome,
                        const Moment& now) {
  target.last_failure = now.date;
  target.last_error = outcome.error;
  std::string failed = run.job.src + "/" + run.job.package.folder;
  const bool is_other = target.failures == 0 || failed != target.last_failed;
  target.last_failed = std::move(failed);
  const bool is_of_target = outcome.result == Result::target_failed;
  if (is_of_target || is_other || target.is_down) ++target.failures;
  if (is_of_target) target.is_reachable = false;
  if (!is_of_target && !target.is_down && target.failures < k_failures_of_target) return;
  const auto interval = m_backoff.after(std::max(target.failures, 1U));
  target.next_probe = now.steady + interval;
  if (std::exchange(target.is_down, true)) return;
  m_events.push_back({Event::Kind::target_down,
                      target.rules.name,
                      run.job.src,
                      {},
                      outcome.error,
                      0,
                      std::chrono::duration_cast<std::chrono::seconds>(interval)});
}

/// What waits after failures is tried again at once.
void Plan::come_back(std::size_t target) {
  for (Tree& tree : m_trees) {
    Lane& lane = tree.lanes[target];
    for (; !lane.delayed.empty(); lane.delayed.pop())
      make_ready(lane.delayed.top().second, target);
    if (lane.tree_failures > 0) lane.next_tree = {};
  }
}

void Plan::finish_tree(Lane& lane, const Outcome& outcome, const Moment& now) {
  lane.is_tree_running = false;
  switch (outcome.result) {
    case Result::stopped:
      return;
    case Result::package_failed:
    case Result::target_failed:
      lane.next_tree = now.steady + m_backoff.after(++lane.tree_failures);
      return;
    case Result::src_gone:
      lane.next_tree = now.steady + m_options.round;
      return;
    case Result::done:
    case Result::differs:
      lane.tree_failures = 0;
      lane.next_tree = now.steady + m_options.tree_round;
      return;
  }
}

Plan::Finished Plan::finish_package(const Running& run, std::size_t tree, std::size_t target,
                                    const Outcome& outcome, const Moment& now) {
  const auto id = find_item(tree, run.job.package.folder);
  if (!id || m_items[*id].pairs[target].state != State::running) return {};
  Item& item = m_items[*id];
  Pair& pair = item.pairs[target];
  Lane& place = lane(tree, target);
  const bool is_outdated = item.generation != run.generation;
  if (outcome.result == Result::package_failed && !is_outdated) {
    count(pair.failures);
    pair.state = State::delayed;
    place.delayed.emplace(now.steady + m_backoff.after(pair.failures), *id);
    return {};
  }
  if (outcome.result == Result::target_failed && !is_outdated) {
    make_ready(*id, target);
    return {};
  }
  if (outcome.result != Result::done || is_outdated) {
    pair.state = State::waiting;
    if (item.open_changes == 0) await_round(*id);
    return {};
  }
  // A sweep that listed the tree before the change may remove what was copied.
  if (may_be_swept(place, item)) {
    pair.state = State::after_sweep;
    ++place.after_sweep;
    return {};
  }
  set_synchronised(*id, target);
  drop_if_done(*id);
  return {run.job, std::nullopt};
}

Plan::Finished Plan::finish_verification(const Running& run, std::size_t tree, std::size_t target,
                                         const Outcome& outcome, const Moment& now) {
  if (outcome.result != Result::differs) return {};
  const auto known = find_item(tree, run.job.package.folder);
  // What changed meanwhile is copied anyway.
  if (known && (m_items[*known].generation != run.generation ||
                m_items[*known].pairs[target].state != State::synchronised)) {
    return {};
  }
  ++lane(tree, target).differing;
  const ItemId id = item_of(tree, run.job.package, now);
  if (m_items[id].lacking == 0) m_items[id].since = now.date;
  set_lacking(id, target, State::waiting);
  m_items[id].pairs[target].repairs = true;
  await_round(id);
  return {std::nullopt, run.job};
}

std::vector<TargetReport> Plan::status(const Moment& now) const {
  std::vector<TargetReport> all;
  for (std::size_t i = 0; i < m_targets.size(); ++i) {
    const Target& target = m_targets[i];
    TargetReport status;
    status.target = target.rules.name;
    status.is_reachable = target.is_reachable;
    status.is_in_window = target.rules.windows.contains(now.minute);
    status.is_counting = std::any_of(m_trees.begin(), m_trees.end(),
                                     [i](const Tree& tree) { return !tree.lanes[i].is_filled; });
    status.last_success = target.last_success;
    status.last_failure = target.last_failure;
    status.last_error = target.last_error;
    if (target.is_down) {
      const auto wait = std::max(target.next_probe - now.steady, Time::duration(0));
      status.next_try =
          now.date + std::chrono::duration_cast<std::chrono::system_clock::duration>(wait);
    }
    all.push_back(std::move(status));
  }
  for (const Item& item : m_items) {
    for (std::size_t i = 0; i < item.pairs.size(); ++i) {
      if (item.pairs[i].state == State::synchronised) continue;
      ++all[i].pending;
      auto& behind = all[i].behind_since;
      behind = behind ? std::min(*behind, item.since) : item.since;
    }
  }
  for (const auto& [id, run] : m_running) {
    if (const auto place = target_of(run.job.target)) {
      all[*place].running.push_back({describe(run.job), run.since});
    }
  }
  return all;
}

}  // namespace pulse2::mirroring
