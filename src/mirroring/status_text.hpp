#pragma once

#include <chrono>
#include <string>

#include "mirroring/status.hpp"

namespace pulse2::mirroring {

/// "not tried yet", "reachable" or "does not work".
[[nodiscard]] std::string reachability(const TargetReport& status);
/// The status for a line of the log, e.g. "hostA: reachable, 3 packages (12 MiB) pending since …".
[[nodiscard]] std::string one_line(const TargetReport& status,
                                   std::chrono::system_clock::time_point now);

}  // namespace pulse2::mirroring
