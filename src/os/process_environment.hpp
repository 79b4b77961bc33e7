#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pulse2::os {

/// The environment that a program needs to work and no more, as `NAME=value`: PATH (a usual one
/// when there is none), HOME, USER, LOGNAME, what `kept` names, and messages in English.
[[nodiscard]] std::vector<std::string> small_environment(const std::vector<std::string>& kept = {});

/// Kills every process of this user that has `entry` (`NAME=value`) in its environment: what a
/// process that was killed itself had started. Returns how many there were.
std::size_t kill_processes_with(std::string_view entry);

}  // namespace pulse2::os
