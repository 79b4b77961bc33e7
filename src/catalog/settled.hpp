#pragma once

#include <chrono>
#include <cstdint>

#include "os/file.hpp"

namespace pulse2::catalog {

/// False for a file that changed so recently that it could change again without a trace: file times
/// advance in steps of up to 10 ms. Its hash is not remembered.
[[nodiscard]] inline bool is_settled(const os::FileStatus& status) {
  constexpr std::int64_t k_time_step_ns = 10'000'000;
  const auto now = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  return now.count() - status.ctime_ns > k_time_step_ns;
}

}  // namespace pulse2::catalog
