#include "imaging/replay_queue.hpp"

#include <utility>

namespace pulse2::imaging {

void ReplayQueue::add(WaitingCall call) {
  const auto [place, added] = m_calls.try_emplace(call.id, std::move(call));
  if (added) ++m_lanes[place->second.lane];
}

void ReplayQueue::remove(std::int64_t id) {
  const auto found = m_calls.find(id);
  if (found == m_calls.end()) return;
  const auto lane = m_lanes.find(found->second.lane);
  if (--lane->second == 0) m_lanes.erase(lane);
  m_calls.erase(found);
}

const WaitingCall* ReplayQueue::next(const std::set<std::string>& passed_over) const {
  for (const auto& [id, call] : m_calls) {
    if (passed_over.count(call.lane) == 0) return &call;
  }
  return nullptr;
}

std::vector<WaitingCall> ReplayQueue::expired(std::chrono::milliseconds now) const {
  std::vector<WaitingCall> calls;
  for (const auto& [id, call] : m_calls) {
    if (now - call.first_made > k_lifetime) calls.push_back(call);
  }
  return calls;
}

}  // namespace pulse2::imaging
