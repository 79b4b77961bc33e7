#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pulse2::mirroring {

/// What runs for a target.
struct RunStatus {
  std::string what;  ///< "package p1", "tree /srv/packages", "verification of p1"
  std::chrono::system_clock::time_point since;
};

/// How it stands with one target.
struct TargetReport {
  using Date = std::chrono::system_clock::time_point;

  std::string target;
  std::optional<bool> is_reachable;  ///< nothing: not tried yet
  bool is_in_window = true;          ///< runs may begin at this time of the day
  /// Some tree's packages are not counted yet: they are still being looked for.
  bool is_counting = false;
  std::uint64_t pending = 0;  ///< packages that it lacks
  std::uint64_t bytes = 0;    ///< of these packages
  std::vector<RunStatus> running;
  std::optional<Date> last_success;
  std::optional<Date> last_failure;
  std::string last_error;        ///< of the last failure, kept after a success
  std::optional<Date> next_try;  ///< while it does not work
  /// Since when the package that waits longest waits: how far the target lags behind.
  std::optional<Date> behind_since;
};

}  // namespace pulse2::mirroring
