#include "mirroring/status_text.hpp"

namespace pulse2::mirroring {

namespace {

using Date = std::chrono::system_clock::time_point;

std::string seconds_between(Date from, Date to) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(to - from).count()) + " s";
}

}  // namespace

std::string reachability(const TargetReport& status) {
  if (status.next_try) return "does not work";
  if (!status.is_reachable) return "not tried yet";
  return *status.is_reachable ? "reachable" : "does not work";
}

std::string one_line(const TargetReport& status, Date now) {
  std::string line = status.target + ": " + reachability(status);
  line += ", " + std::to_string(status.pending) + " packages (" + std::to_string(status.bytes) +
          " bytes) pending";
  if (status.behind_since) line += ", " + seconds_between(*status.behind_since, now) + " behind";
  if (status.is_counting) line += ", packages are being counted";
  if (!status.running.empty()) line += ", " + std::to_string(status.running.size()) + " running";
  if (!status.is_in_window) line += ", outside of its time windows";
  if (status.next_try) line += ", next try in " + seconds_between(now, *status.next_try);
  if (!status.last_error.empty()) line += "; last error: " + status.last_error;
  return line;
}

}  // namespace pulse2::mirroring
