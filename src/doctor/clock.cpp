#include <sys/timex.h>

#include <ctime>

#include "doctor/probes.hpp"

namespace pulse2::doctor {
namespace {

/// This program was built later: a clock before that is wrong.
constexpr std::time_t k_built_after = 1'767'225'600;  // 2026-01-01 00:00 UTC

std::string now_text(std::time_t now) {
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::string text(32, '\0');
  text.resize(std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts));
  return text;
}

}  // namespace

Findings probe_clock(const Subject& /*subject*/) {
  const std::time_t now = std::time(nullptr);
  const std::string text = "it is " + now_text(now);
  if (now < k_built_after) {
    return {fault(text + " by this machine's clock",
                  "set the clock: certificates and time stamps of files depend on it")};
  }
  timex state{};
  if (::adjtimex(&state) == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    return {doubt(text + "; the clock is not synchronised",
                  "run chrony or systemd-timesyncd (inside of a container: on its host)")};
  }
  return {good(text + ", synchronised")};
}

}  // namespace pulse2::doctor
