#include "doctor/report.hpp"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"

namespace pulse2::doctor {
namespace {

constexpr std::size_t k_longest_text = 2000;
constexpr std::size_t k_verdict_width = 9;
constexpr std::size_t k_probe_width = 16;

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::good:
      return "good";
    case Verdict::doubtful:
      return "doubt";
    case Verdict::fault:
      return "fault";
    case Verdict::skipped:
      return "skipped";
  }
  return "fault";
}

std::size_t count(const Findings& findings, Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [verdict](const Finding& finding) { return finding.verdict == verdict; }));
}

std::string padded(std::string_view text, std::size_t width) {
  std::string result(text);
  result.resize(std::max(width, result.size() + 1), ' ');
  return result;
}

std::string counted(std::size_t number, std::string_view what) {
  return std::to_string(number) + " " + std::string(what) + (number == 1 ? "" : "s");
}

}  // namespace

bool is_healthy(const Findings& findings) {
  return count(findings, Verdict::fault) == 0;
}

std::string report_text(const Findings& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text +=
        padded(name_of(finding.verdict), k_verdict_width) + padded(finding.probe, k_probe_width);
    text += base::printable(finding.text, k_longest_text);
    if (!finding.fix.empty()) text += "; to do: " + base::printable(finding.fix, k_longest_text);
    text += '\n';
  }
  return text + counted(count(findings, Verdict::fault), "fault") + ", " +
         counted(count(findings, Verdict::doubtful), "doubt") + '\n';
}

std::string report_json(const Findings& findings) {
  boost::json::array list;
  for (const Finding& finding : findings) {
    list.push_back({{"verdict", name_of(finding.verdict)},
                    {"probe", finding.probe},
                    {"text", base::printable(finding.text, k_longest_text)},
                    {"fix", base::printable(finding.fix, k_longest_text)}});
  }
  const boost::json::object report{{"healthy", is_healthy(findings)},
                                   {"faults", count(findings, Verdict::fault)},
                                   {"doubts", count(findings, Verdict::doubtful)},
                                   {"findings", std::move(list)}};
  return boost::json::serialize(report) + '\n';
}

}  // namespace pulse2::doctor
