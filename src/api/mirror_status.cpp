#include "api/mirror_status.hpp"

#include <optional>

#include "base/text.hpp"
#include "http/date.hpp"
#include "mirroring/status_text.hpp"

namespace pulse2::api {
namespace {

using Date = std::chrono::system_clock::time_point;

/// Running jobs that are named; more are only counted.
constexpr std::size_t k_named_runs = 3;

std::string cell(const std::string& text) {
  return "<td>" + base::escape_html(text) + "</td>";
}

std::string date_text(const std::optional<Date>& date) {
  if (!date) return "never";
  return http::format_date(
      std::chrono::duration_cast<std::chrono::seconds>(date->time_since_epoch()).count());
}

std::string seconds_text(Date from, Date to) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(to - from).count()) + " s";
}

std::string state_text(const mirroring::TargetReport& target, Date now) {
  std::string text = mirroring::reachability(target);
  if (target.next_try) text += ", next try in " + seconds_text(now, *target.next_try);
  if (!target.is_in_window) text += ", outside of its time windows";
  return text;
}

std::string pending_text(const mirroring::TargetReport& target, Date now) {
  std::string text =
      std::to_string(target.pending) + " packages, " + std::to_string(target.bytes) + " bytes";
  if (target.behind_since) text += ", " + seconds_text(*target.behind_since, now) + " behind";
  if (target.is_counting) text += ", being counted";
  return text;
}

std::string running_text(const mirroring::TargetReport& target, Date now) {
  std::string text;
  for (std::size_t i = 0; i < target.running.size() && i < k_named_runs; ++i) {
    const auto& run = target.running[i];
    text += (i == 0 ? "" : "; ") + run.what + " for " + seconds_text(run.since, now);
  }
  if (target.running.size() > k_named_runs) {
    text += "; and " + std::to_string(target.running.size() - k_named_runs) + " more";
  }
  return text;
}

}  // namespace

std::string mirror_section(const std::vector<mirroring::TargetReport>& targets, Date now) {
  if (targets.empty()) return {};
  std::string html =
      "<h2>Mirror targets</h2>\n<table>\n<tr><th>Target</th><th>State</th><th>Pending</th>"
      "<th>Running</th><th>Last success</th><th>Last failure</th></tr>\n";
  for (const auto& target : targets) {
    html += "<tr>" + cell(target.target) + cell(state_text(target, now)) +
            cell(pending_text(target, now)) + cell(running_text(target, now)) +
            cell(date_text(target.last_success));
    html += cell(date_text(target.last_failure) +
                 (target.last_error.empty() ? "" : ": " + target.last_error));
    html += "</tr>\n";
  }
  return html + "</table>\n";
}

}  // namespace pulse2::api
