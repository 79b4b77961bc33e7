#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"

namespace pulse2::os {

/// A name in a folder.
struct FolderItem {
  enum class Kind { file, folder, link, other };
  std::string name;  ///< raw bytes: any but '/' and NUL
  Kind kind = Kind::other;
};

/// The names in an open folder in byte order, without "." and "..". The descriptor stays open; its
/// position is not used.
[[nodiscard]] base::Expected<std::vector<FolderItem>> list_folder(int fd);
/// The same for a descriptor that was just opened and that nobody else reads from: cheaper, and
/// only once.
[[nodiscard]] base::Expected<std::vector<FolderItem>> list_opened_folder(int fd);

}  // namespace pulse2::os
