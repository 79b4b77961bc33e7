#include "pxe/mtftp_wait.hpp"

#include <algorithm>

namespace pulse2::pxe {
namespace {

using std::chrono::seconds;

constexpr seconds k_first_wait{10};
constexpr seconds k_memory = std::chrono::hours(1);

}  // namespace

seconds MtftpWait::ask(const WaitForOthers& call, Time now) {
  if (m_last && now - m_last->time >= k_memory) reset();
  if (!m_last || call.file > m_last->file) {
    const seconds wait = m_last ? seconds(0) : k_first_wait;
    m_last = Last{call.file, now};
    return wait;
  }
  if (call.file < m_last->file) return call.timeout;
  const auto passed = std::chrono::duration_cast<seconds>(now - m_last->time);
  return std::max(seconds(0), call.timeout - passed);
}

}  // namespace pulse2::pxe
