#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace pulse2::imaging {

/// A call that the agent did not answer yet.
struct WaitingCall {
  std::int64_t id = 0;                   ///< rises with the order in which calls were made
  std::chrono::milliseconds first_made;  ///< since 1970
  std::string lane;                      ///< calls of one lane (a computer) keep their order
  std::string method;
};

/// Which calls wait to be made again, and in which order (contract 06). Knows neither clock nor
/// disk nor network.
class ReplayQueue {
 public:
  /// Calls are dropped this long after they were made first.
  static constexpr std::chrono::hours k_lifetime{7 * 24};

  void add(WaitingCall call);
  void remove(std::int64_t id);

  /// A new call of this lane must not overtake one that waits.
  [[nodiscard]] bool holds(const std::string& lane) const { return m_lanes.count(lane) != 0; }
  /// The oldest call whose lane is not among `passed_over`; null when there is none. Valid until
  /// the next change.
  [[nodiscard]] const WaitingCall* next(const std::set<std::string>& passed_over) const;
  /// The calls whose time is over at `now`, oldest first.
  [[nodiscard]] std::vector<WaitingCall> expired(std::chrono::milliseconds now) const;

  [[nodiscard]] std::size_t size() const noexcept { return m_calls.size(); }

 private:
  std::map<std::int64_t, WaitingCall> m_calls;
  std::unordered_map<std::string, std::size_t> m_lanes;  ///< number of calls of each
};

}  // namespace pulse2::imaging
