#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "package/file_bytes.hpp"

namespace pulse2::package {

/// The silent-install command line for a file (contract 03), nothing for an unknown kind. Goes by
/// content for programs and installer databases and by suffix for scripts; nothing is ever run.
[[nodiscard]] std::optional<std::string> suggest_command(std::string_view name,
                                                         const FileBytes& file);

}  // namespace pulse2::package
