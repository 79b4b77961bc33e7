#pragma once

#include <chrono>
#include <cstdint>

#include "os/file.hpp"

namespace pulse2::catalog {

/// Now, as file times count: nanoseconds since 1970.
[[nodiscard]] inline std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// False for a file that changed so shortly before `at_ns`, when reading it began, that it could
/// change again without a trace: file times advance in steps of up to 10 ms. Its hash is not
/// remembered.
[[nodiscard]] inline bool is_settled(const os::FileStatus& status, std::int64_t at_ns = now_ns()) {
  constexpr std::int64_t k_time_step_ns = 10'000'000;
  return at_ns - status.ctime_ns > k_time_step_ns;
}

}  // namespace pulse2::catalog
