#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "mirroring/status.hpp"

namespace pulse2::api {

/// The part of /desc about mirroring; empty without targets. Everything from outside is escaped.
[[nodiscard]] std::string mirror_section(const std::vector<mirroring::TargetReport>& targets,
                                         std::chrono::system_clock::time_point now);

}  // namespace pulse2::api
