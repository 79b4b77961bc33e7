#include "pxe/login_guard.hpp"

#include <algorithm>
#include <string>

#include "base/hash.hpp"
#include "base/text.hpp"

namespace pulse2::pxe {
namespace {

constexpr std::string_view k_salt = "DzmCpUs3";
constexpr unsigned k_most_doublings = 16;  // far beyond the longest delay

}  // namespace

bool password_matches(std::string_view password, std::string_view expected) {
  if (expected.empty()) return password.empty();
  const std::string hash = base::sha1_hex(std::string(password).append(k_salt));
  return base::constant_time_equal(hash, base::to_lower(expected));
}

bool LoginGuard::may_try(std::string_view address, Time now) {
  const Failures* failures = m_failures.find(address);
  return failures == nullptr || now >= failures->closed_until;
}

LoginGuard::Duration LoginGuard::failed(std::string_view address, Time now) {
  Failures& failures = m_failures[address];
  if (now - failures.last >= k_memory) failures.count = 0;
  const unsigned doublings = std::min(failures.count, k_most_doublings);
  const Duration delay = std::min(k_longest_delay, k_first_delay * (1U << doublings));
  ++failures.count;
  failures.last = now;
  failures.closed_until = now + delay;
  return delay;
}

}  // namespace pulse2::pxe
