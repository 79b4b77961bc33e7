#include "os/clock.hpp"

#include <ctime>

namespace pulse2::os {

int local_minute(std::chrono::system_clock::time_point date) {
  constexpr int k_minutes = 60;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(date);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  return parts.tm_hour * k_minutes + parts.tm_min;
}

}  // namespace pulse2::os
