#pragma once

#include <string>
#include <utility>
#include <vector>

namespace pulse2::doctor {

enum class Verdict {
  good,
  doubtful,  ///< works, but not for long or not for everybody
  fault,     ///< something will not work
  skipped,   ///< could not be looked at
};

/// What a probe found out about one thing, in one line.
struct Finding {
  Verdict verdict = Verdict::good;
  std::string text;        ///< what is, without secrets
  std::string fix;         ///< what to do; empty when all is well
  std::string probe = {};  ///< name of the probe, put in by examine()
};

using Findings = std::vector<Finding>;

[[nodiscard]] inline Finding good(std::string text) {
  return {Verdict::good, std::move(text), {}};
}
[[nodiscard]] inline Finding doubt(std::string text, std::string fix) {
  return {Verdict::doubtful, std::move(text), std::move(fix)};
}
[[nodiscard]] inline Finding fault(std::string text, std::string fix) {
  return {Verdict::fault, std::move(text), std::move(fix)};
}
[[nodiscard]] inline Finding skip(std::string text, std::string fix) {
  return {Verdict::skipped, std::move(text), std::move(fix)};
}

}  // namespace pulse2::doctor
