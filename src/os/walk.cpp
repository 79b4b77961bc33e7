#include "os/walk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

#include "os/unique_fd.hpp"

namespace pulse2::os {

namespace {

/// Entries are read in parts of this many bytes.
constexpr std::size_t k_part = 32UL * 1024;

FolderItem::Kind kind_of_mode(mode_t mode) {
  if (S_ISREG(mode)) return FolderItem::Kind::file;
  if (S_ISDIR(mode)) return FolderItem::Kind::folder;
  if (S_ISLNK(mode)) return FolderItem::Kind::link;
  return FolderItem::Kind::other;
}

FolderItem::Kind kind_of(int folder, const dirent64& item) {
  switch (item.d_type) {
    case DT_REG:
      return FolderItem::Kind::file;
    case DT_DIR:
      return FolderItem::Kind::folder;
    case DT_LNK:
      return FolderItem::Kind::link;
    case DT_UNKNOWN:
      break;  // some file systems leave the question to stat
    default:
      return FolderItem::Kind::other;
  }
  struct ::stat status {};
  if (::fstatat(folder, item.d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return FolderItem::Kind::other;
  }
  return kind_of_mode(status.st_mode);
}

/// Adds the entries of one part, each of which has a length of its own.
void add_items(int folder, const char* part, std::size_t size, std::vector<FolderItem>& items) {
  for (std::size_t offset = 0; offset < size;) {
    const auto& item = *reinterpret_cast<const dirent64*>(part + offset);
    offset += item.d_reclen;
    const std::string_view name = item.d_name;
    if (name == "." || name == "..") continue;
    items.push_back({std::string(name), kind_of(folder, item)});
  }
}

}  // namespace

base::Expected<std::vector<FolderItem>> list_folder(int fd) {
  // A description of its own: reading moves the position.
  const UniqueFd own(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return tl::unexpected(base::errno_error(errno, "open folder"));
  return list_opened_folder(own.get());
}

base::Expected<std::vector<FolderItem>> list_opened_folder(int fd) {
  // Room behind the part: the last entry is shorter than its type.
  alignas(dirent64) std::array<char, k_part + sizeof(dirent64)>
      part;  // NOLINT: the system fills it
  std::vector<FolderItem> items;
  for (;;) {
    const auto got = ::getdents64(fd, part.data(), k_part);
    if (got < 0) return tl::unexpected(base::errno_error(errno, "list folder"));
    if (got == 0) break;
    add_items(fd, part.data(), static_cast<std::size_t>(got), items);
  }
  std::sort(items.begin(), items.end(),
            [](const FolderItem& a, const FolderItem& b) { return a.name < b.name; });
  return items;
}

}  // namespace pulse2::os
