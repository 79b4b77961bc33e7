#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace pulse2::net {

/// Counts what may happen thousands of times a second and is worth a line a minute.
class Occasional {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds k_interval{60};

  /// It happened. How often since the last report, when one is due; else 0.
  [[nodiscard]] std::uint64_t happened(Time now) noexcept {
    m_count.fetch_add(1, std::memory_order_relaxed);
    auto next = m_next.load(std::memory_order_relaxed);
    if (now.time_since_epoch().count() < next) return 0;
    const auto after = (now + k_interval).time_since_epoch().count();
    if (!m_next.compare_exchange_strong(next, after, std::memory_order_relaxed)) return 0;
    return m_count.exchange(0, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> m_count{0};
  std::atomic<Time::rep> m_next{0};  ///< when the next report is due
};

}  // namespace pulse2::net
