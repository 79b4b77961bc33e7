#pragma once

#include <optional>
#include <string>

namespace pulse2::doctor {

/// The program's file: a path as it is, a name looked up in PATH; nothing when none may be run.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

}  // namespace pulse2::doctor
