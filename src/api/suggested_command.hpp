#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace pulse2::api {

/// A file's content, read where it is needed. `read` answers fewer bytes at the end of the file.
struct FileBytes {
  std::uint64_t size = 0;
  std::function<std::string(std::uint64_t offset, std::size_t size)> read;
};

/// The silent-install command line for a file (contract 03), nothing for an unknown kind. Goes by
/// content for programs and installer databases and by suffix for scripts; nothing is ever run.
[[nodiscard]] std::optional<std::string> suggest_command(std::string_view name,
                                                         const FileBytes& file);

}  // namespace pulse2::api
