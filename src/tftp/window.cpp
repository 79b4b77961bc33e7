#include "tftp/window.hpp"

#include <algorithm>

namespace pulse2::tftp {

Blocks Window::next() noexcept {
  const std::uint64_t last = std::min(m_arrived + m_window, m_total);
  m_sent = last;
  return {m_arrived + 1, last - m_arrived};
}

Blocks Window::acknowledged(std::uint16_t block) noexcept {
  // Numbers on the wire have 16 bits: of all blocks with this number the next one is meant.
  const auto ahead = static_cast<std::uint16_t>(block - static_cast<std::uint16_t>(m_arrived));
  if (m_arrived + ahead > m_sent) return {};
  if (ahead == 0) {
    // The client misses the first block of its window (RFC 7440 §4). Answered once only, and never
    // without windows: such an acknowledgement is a duplicate (RFC 1123 §4.2.3.1).
    if (m_window == 1 || m_sent == m_arrived || m_gap_answered) return {};
    m_gap_answered = true;
    return next();
  }
  m_arrived += ahead;
  m_gap_answered = false;
  return done() ? Blocks{} : next();
}

}  // namespace pulse2::tftp
