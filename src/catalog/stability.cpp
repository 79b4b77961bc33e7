#include "catalog/stability.hpp"

#include <algorithm>

namespace pulse2::catalog {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

Moment Moment::now(const os::Clock& clock) {
  const auto wall = clock.now().time_since_epoch();
  return {std::chrono::duration_cast<nanoseconds>(wall).count(), clock.steady()};
}

void Stability::see(const FolderLook& look, const Moment& now) {
  if (look.size != m_look.size) m_size_changed = now.steady;
  if (look != m_look) m_changed = now.steady;
  m_look = look;
}

steady_clock::time_point Stability::complete_at(const StabilityRules& rules,
                                                const Moment& now) const {
  nanoseconds quiet = k_quiet_time;
  if (rules.last_time_modification) quiet = std::max<nanoseconds>(quiet, rules.smart_time);
  auto complete = m_changed + quiet;
  // What stands still for long enough by its times needs not be watched. Times to come say nothing.
  const nanoseconds age(now.wall_ns - m_look.newest_ns);
  if (age.count() >= 0) complete = std::min(complete, now.steady + quiet - age);
  if (rules.check_size) complete = std::max(complete, m_size_changed + rules.round);
  return std::max(complete, m_not_before);
}

}  // namespace pulse2::catalog
