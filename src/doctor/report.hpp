#pragma once

#include <string>

#include "doctor/finding.hpp"

namespace pulse2::doctor {

/// True when nothing is wrong; doubts do not count.
[[nodiscard]] bool is_healthy(const Findings& findings);

/// A line for each finding (verdict, probe, what is, what to do) and one that sums up.
[[nodiscard]] std::string report_text(const Findings& findings);

/// `{"healthy": …, "faults": …, "doubts": …, "findings": [{"verdict": "good" | "doubt" | "fault" |
/// "skipped", "probe": …, "text": …, "fix": …}, …]}` and a line feed.
[[nodiscard]] std::string report_json(const Findings& findings);

}  // namespace pulse2::doctor
