#include "mirroring/backoff.hpp"

#include <algorithm>

namespace pulse2::mirroring {

using std::chrono::milliseconds;

Backoff::Backoff(milliseconds first, milliseconds limit, std::uint64_t seed)
    : m_first(first), m_limit(std::max(first, limit)), m_random(seed) {}

void Backoff::set(milliseconds first, milliseconds limit) {
  m_first = first;
  m_limit = std::max(first, limit);
}

milliseconds Backoff::after(unsigned failures) {
  milliseconds interval = m_first;
  for (unsigned i = 1; i < failures && interval < m_limit; ++i)
    interval *= 2;
  interval = std::min(interval, m_limit);
  const auto spread = interval.count() / 5;
  std::uniform_int_distribution<milliseconds::rep> difference(-spread, spread);
  return std::min(interval + milliseconds(difference(m_random)), m_limit);
}

}  // namespace pulse2::mirroring
