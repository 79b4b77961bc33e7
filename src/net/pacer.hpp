#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>

namespace pulse2::net {

/// A token bucket in which everybody waits in line: bytes are bought one after the other and come
/// due at the rate. Nobody starves, and a change of the rate counts for those that wait too.
///
/// What was not used within the last k_burst is lost: so much may be sent at once after a rest.
/// Time is given, so nothing here waits. For several threads at once.
class Pacer {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::steady_clock::duration;

  static constexpr std::chrono::milliseconds k_burst{200};
  /// Bytes to buy at once: enough for an even flow without many steps.
  [[nodiscard]] static std::uint64_t portion(std::uint64_t rate) noexcept;

  /// Buys `bytes` at `rate` (above 0) bytes a second.
  /// @return the place in line, for due_in()
  [[nodiscard]] std::uint64_t buy(std::uint64_t bytes, std::uint64_t rate, Time now);
  /// How long until the bytes bought with that place may be sent: 0 when they are due.
  [[nodiscard]] Duration due_in(std::uint64_t place, std::uint64_t rate, Time now);
  /// Hands bytes back that were bought and not sent.
  void give_back(std::uint64_t bytes);
  /// True when nobody waits and the burst is whole: it might as well be a new one.
  [[nodiscard]] bool is_rested(std::uint64_t rate, Time now);

 private:
  /// Moves on to `now`, and to the rate from there on.
  void advance(std::uint64_t rate, Time now);

  std::mutex m_mutex;
  std::uint64_t m_sold = 0;  ///< bytes bought so far: the end of the line
  double m_due = 0;          ///< bytes that were due at m_time: how far the line has moved
  Time m_time{};
  std::uint64_t m_rate = 0;  ///< 0: not used yet
};

}  // namespace pulse2::net
