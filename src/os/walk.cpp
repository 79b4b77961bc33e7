#include "os/walk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string_view>

#include "os/unique_fd.hpp"

namespace pulse2::os {

namespace {

struct CloseFolder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

FolderItem::Kind kind_of_mode(mode_t mode) {
  if (S_ISREG(mode)) return FolderItem::Kind::file;
  if (S_ISDIR(mode)) return FolderItem::Kind::folder;
  if (S_ISLNK(mode)) return FolderItem::Kind::link;
  return FolderItem::Kind::other;
}

FolderItem::Kind kind_of(int folder, const dirent& item) {
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

}  // namespace

base::Expected<std::vector<FolderItem>> list_folder(int fd) {
  // A description of its own: fdopendir takes the descriptor and moves its position.
  UniqueFd own(::openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!own) return tl::unexpected(base::errno_error(errno, "open folder"));
  const std::unique_ptr<DIR, CloseFolder> folder(::fdopendir(own.get()));
  if (!folder) return tl::unexpected(base::errno_error(errno, "list folder"));
  const int folder_fd = own.release();
  std::vector<FolderItem> items;
  for (;;) {
    errno = 0;
    const dirent* item = ::readdir(folder.get());
    if (item == nullptr) break;
    const std::string_view name = item->d_name;
    if (name == "." || name == "..") continue;
    items.push_back({std::string(name), kind_of(folder_fd, *item)});
  }
  if (errno != 0) return tl::unexpected(base::errno_error(errno, "list folder"));
  std::sort(items.begin(), items.end(),
            [](const FolderItem& a, const FolderItem& b) { return a.name < b.name; });
  return items;
}

}  // namespace pulse2::os
