#include "net/pacer.hpp"

#include <algorithm>

namespace pulse2::net {
namespace {

constexpr std::uint64_t k_least_portion = 4 << 10;
constexpr std::uint64_t k_most_portion = 256 << 10;
constexpr std::uint64_t k_portions_per_second = 20;

using Seconds = std::chrono::duration<double>;

double burst_at(std::uint64_t rate) {
  return static_cast<double>(rate) * Seconds(Pacer::k_burst).count();
}

}  // namespace

std::uint64_t Pacer::portion(std::uint64_t rate) noexcept {
  return std::clamp(rate / k_portions_per_second, k_least_portion, k_most_portion);
}

void Pacer::advance(std::uint64_t rate, Time now) {
  const auto sold = static_cast<double>(m_sold);
  if (m_rate == 0) {
    m_due = sold + burst_at(rate);
    m_time = now;
  } else if (now > m_time) {
    m_due += Seconds(now - m_time).count() * static_cast<double>(m_rate);
    m_time = now;
  }
  m_rate = rate;
  m_due = std::min(m_due, sold + burst_at(rate));
}

std::uint64_t Pacer::buy(std::uint64_t bytes, std::uint64_t rate, Time now) {
  const std::lock_guard lock(m_mutex);
  advance(rate, now);
  m_sold += bytes;
  return m_sold;
}

Pacer::Duration Pacer::due_in(std::uint64_t place, std::uint64_t rate, Time now) {
  const std::lock_guard lock(m_mutex);
  advance(rate, now);
  const double missing = static_cast<double>(place) - m_due;
  if (missing <= 0) return Duration::zero();
  return std::chrono::duration_cast<Duration>(Seconds(missing / static_cast<double>(rate)));
}

void Pacer::give_back(std::uint64_t bytes) {
  const std::lock_guard lock(m_mutex);
  m_due += static_cast<double>(bytes);
}

bool Pacer::is_rested(std::uint64_t rate, Time now) {
  const std::lock_guard lock(m_mutex);
  if (m_rate == 0) return true;
  advance(rate, now);
  return m_due >= static_cast<double>(m_sold) + burst_at(rate);
}

}  // namespace pulse2::net
