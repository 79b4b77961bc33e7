#include "os/tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <vector>

#include "base/text.hpp"
#include "os/file.hpp"
#include "os/walk.hpp"

namespace pulse2::os {

using base::ErrorKind;
using base::Expected;

namespace {

/// Deeper trees are no packages, and each level holds a descriptor open.
constexpr int k_deepest = 200;
constexpr std::size_t k_copy_size = 1U << 20U;

tl::unexpected<base::Error> errno_failure(int number, const std::string& what) {
  return tl::unexpected<base::Error>(base::errno_error(number, base::printable(what)));
}

Expected<struct ::stat> stat_at(int folder, const std::string& name) {
  struct ::stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno_failure(errno, name);
  }
  return status;
}

/// A package belongs to whom it belonged. Only root may give files away: for others it stays.
void keep_owner(int fd, const struct ::stat& status) {
  if (::geteuid() != 0) return;
  if (::fchown(fd, status.st_uid, status.st_gid) != 0) errno = 0;
}

Expected<void> copy_bytes(int from, int to, const std::string& name) {
  std::vector<char> buffer(k_copy_size);
  for (std::uint64_t offset = 0;;) {
    auto got = read_at(from, buffer.data(), buffer.size(), offset);
    if (!got) return tl::unexpected(std::move(got).error());
    if (*got == 0) return {};
    if (auto done = write_all(to, {buffer.data(), *got}); !done) {
      return errno_failure(errno, name);
    }
    offset += *got;
  }
}

Expected<void> copy_open_file(int from, int to, const std::string& name) {
  struct ::stat status {};
  if (::fstat(from, &status) != 0) return errno_failure(errno, name);
  PULSE2_TRY(copy_bytes(from, to, name));
  keep_owner(to, status);
  const std::array times{status.st_atim, status.st_mtim};
  if (::fchmod(to, status.st_mode & 07777) != 0 || ::futimens(to, times.data()) != 0) {
    return errno_failure(errno, name);
  }
  return sync_file(to, base::printable(name));
}

Expected<void> copy_file_at(int from, const std::string& from_name, int to,
                            const std::string& to_name) {
  auto source = open_at(from, from_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!source) return tl::unexpected(std::move(source).error());
  auto target = open_at(to, to_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  if (!target) return tl::unexpected(std::move(target).error());
  auto copied = copy_open_file(source->get(), target->get(), from_name);
  if (!copied) ::unlinkat(to, to_name.c_str(), 0);
  return copied;
}

Expected<void> copy_link_at(int from, const std::string& from_name, int to,
                            const std::string& to_name) {
  std::array<char, 4096> target{};
  const auto size = ::readlinkat(from, from_name.c_str(), target.data(), target.size() - 1);
  if (size < 0) return errno_failure(errno, from_name);
  if (::symlinkat(target.data(), to, to_name.c_str()) != 0) return errno_failure(errno, to_name);
  return {};
}

bool is_copied_instead(int number) {
  // Another file system, one without links, too many links, or a file of somebody else's.
  return number == EXDEV || number == EPERM || number == EMLINK || number == EOPNOTSUPP ||
         number == ENOSYS;
}

Expected<void> clone_leaf(int from, const std::string& from_name, int to,
                          const std::string& to_name, const struct ::stat& status) {
  if (::linkat(from, from_name.c_str(), to, to_name.c_str(), 0) == 0) return {};
  if (!is_copied_instead(errno)) return errno_failure(errno, to_name);
  if (S_ISLNK(status.st_mode)) return copy_link_at(from, from_name, to, to_name);
  if (S_ISREG(status.st_mode)) return copy_file_at(from, from_name, to, to_name);
  return base::fail(ErrorKind::invalid_argument,
                    base::printable(from_name) + ": neither file nor folder");
}

Expected<UniqueFd> make_folder_at(int folder, const std::string& name,
                                  const struct ::stat& status) {
  if (::mkdirat(folder, name.c_str(), 0700) != 0 && errno != EEXIST) {
    return errno_failure(errno, name);
  }
  auto made = open_folder_at(folder, name);
  if (!made) return made;
  keep_owner(made->get(), status);
  if (::fchmod(made->get(), status.st_mode & 07777) != 0) return errno_failure(errno, name);
  return made;
}

Expected<void> too_deep(const std::string& name) {
  return base::fail(ErrorKind::limit_exceeded, base::printable(name) + ": folders nested too deep");
}

Expected<void> clone(int from, const std::string& from_name, int to, const std::string& to_name,
                     int depth) {
  if (depth > k_deepest) return too_deep(from_name);
  auto status = stat_at(from, from_name);
  if (!status) return tl::unexpected(std::move(status).error());
  if (!S_ISDIR(status->st_mode)) return clone_leaf(from, from_name, to, to_name, *status);
  auto source = open_folder_at(from, from_name);
  if (!source) return tl::unexpected(std::move(source).error());
  auto target = make_folder_at(to, to_name, *status);
  if (!target) return tl::unexpected(std::move(target).error());
  auto items = list_folder(source->get());
  if (!items) return tl::unexpected(std::move(items).error());
  for (const auto& item : *items) {
    // What a crash left of a file that was being written.
    if (item.name.starts_with(k_temporary_prefix)) continue;
    PULSE2_TRY(clone(source->get(), item.name, target->get(), item.name, depth + 1));
  }
  return {};
}

Expected<void> remove(int folder, const std::string& name, int depth) {
  if (depth > k_deepest) return too_deep(name);
  if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  if (errno != EISDIR && errno != EPERM) return errno_failure(errno, name);
  auto content = open_folder_at(folder, name);
  if (!content) return tl::unexpected(std::move(content).error());
  auto items = list_folder(content->get());
  if (!items) return tl::unexpected(std::move(items).error());
  for (const auto& item : *items)
    PULSE2_TRY(remove(content->get(), item.name, depth + 1));
  if (::unlinkat(folder, name.c_str(), AT_REMOVEDIR) != 0) return errno_failure(errno, name);
  return {};
}

void remove_empty(int folder, const std::string& name, int depth) {
  if (depth > k_deepest) return;
  auto content = open_folder_at(folder, name);
  if (!content) return;
  if (const auto items = list_folder(content->get())) {
    for (const auto& item : *items) {
      if (item.kind == FolderItem::Kind::folder) remove_empty(content->get(), item.name, depth + 1);
    }
  }
  ::unlinkat(folder, name.c_str(), AT_REMOVEDIR);
}

/// Makes a copied file or tree durable; files were synced as they were copied.
Expected<void> sync_copy(int folder, const std::string& name) {
  auto status = stat_at(folder, name);
  if (!status) return tl::unexpected(std::move(status).error());
  if (S_ISDIR(status->st_mode)) PULSE2_TRY(sync_tree_at(folder, name, false));
  return sync_file(folder, base::printable(name));
}

/// Fills the temporary file and puts it in the place of `name`.
Expected<FileStatus> fill_and_rename_at(int folder, int fd, const std::string& temporary,
                                        const std::string& name, std::string_view bytes,
                                        mode_t mode) {
  PULSE2_TRY(write_all(fd, bytes));
  auto status = status_of(fd, name);
  if (!status) return status;
  // Only where the umask took something of it.
  if ((status->mode & 07777) != mode && ::fchmod(fd, mode) != 0) return errno_failure(errno, name);
  PULSE2_TRY(rename_at(folder, temporary, folder, name));
  // Renaming changes it.
  return status_of(fd, name);
}

}  // namespace

Expected<UniqueFd> open_folder_at(int folder, const std::string& name) {
  return open_at(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

Expected<UniqueFd> open_folder_below(int folder, std::string_view path) {
  auto copy = duplicate(folder);
  if (!copy || path.empty()) return copy;
  UniqueFd current = std::move(*copy);
  for (const auto part : base::split(path, '/')) {
    auto next = open_folder_at(current.get(), std::string(part));
    if (!next) return next;
    current = std::move(*next);
  }
  return current;
}

Expected<void> clone_tree_at(int from, const std::string& from_name, int to,
                             const std::string& to_name) {
  return clone(from, from_name, to, to_name, 0);
}

Expected<void> remove_tree_at(int folder, const std::string& name) {
  return remove(folder, name, 0);
}

Expected<void> remove_leftovers_at(int folder) {
  const auto items = list_folder(folder);
  if (!items) return tl::unexpected(items.error());
  for (const auto& item : *items) {
    if (!item.name.starts_with(k_temporary_prefix)) continue;
    PULSE2_TRY(remove_tree_at(folder, item.name));
  }
  return {};
}

void remove_empty_folders_at(int folder, const std::string& name) {
  remove_empty(folder, name, 0);
}

Expected<void> sync_tree_at(int folder, const std::string& name, bool files) {
  auto content = open_folder_at(folder, name);
  if (!content) return tl::unexpected(std::move(content).error());
  auto items = list_folder(content->get());
  if (!items) return tl::unexpected(std::move(items).error());
  for (const auto& item : *items) {
    if (item.kind == FolderItem::Kind::folder) {
      PULSE2_TRY(sync_tree_at(content->get(), item.name, files));
    } else if (files && item.kind == FolderItem::Kind::file) {
      auto file = open_at(content->get(), item.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      if (!file) return tl::unexpected(std::move(file).error());
      PULSE2_TRY(sync_file(file->get(), base::printable(item.name)));
    }
  }
  return sync_file(content->get(), base::printable(name));
}

Expected<bool> exchange_at(int folder_a, const std::string& a, int folder_b, const std::string& b) {
  if (::renameat2(folder_a, a.c_str(), folder_b, b.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP) return false;
  return errno_failure(errno, b);
}

Expected<void> rename_new_at(int from, const std::string& from_name, int to,
                             const std::string& to_name) {
  if (::renameat2(from, from_name.c_str(), to, to_name.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return errno_failure(errno, to_name);
  // Without the flag a folder is never put in place of a file or of one that holds something.
  if (::renameat(from, from_name.c_str(), to, to_name.c_str()) == 0) return {};
  return errno_failure(errno == ENOTEMPTY ? EEXIST : errno, to_name);
}

Expected<bool> rename_new_within(int from, const std::string& from_name, int to,
                                 const std::string& to_name) {
  if (::renameat2(from, from_name.c_str(), to, to_name.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EXDEV) return false;
  PULSE2_TRY(rename_new_at(from, from_name, to, to_name));
  return true;
}

Expected<void> move_tree_at(int from, const std::string& from_name, int to,
                            const std::string& to_name) {
  const auto renamed = rename_new_within(from, from_name, to, to_name);
  if (!renamed) return tl::unexpected(renamed.error());
  if (*renamed) return {};
  if (stat_at(to, to_name)) return errno_failure(EEXIST, to_name);
  // A name of its own until the copy is whole.
  const std::string copy = std::string(k_temporary_prefix) + unique_name();
  auto done = clone_tree_at(from, from_name, to, copy);
  if (done) done = sync_copy(to, copy);
  if (done) done = rename_new_at(to, copy, to, to_name);
  if (!done) {
    (void)remove_tree_at(to, copy);
    return done;
  }
  return remove_tree_at(from, from_name);
}

Expected<std::vector<std::string>> make_path(const std::string& path, mode_t mode) {
  std::vector<std::string> made;
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) == 0) {
      made.push_back(part);
    } else if (errno != EEXIST) {
      return errno_failure(errno, part);
    }
  }
  const auto status = status_of(path);
  if (!status) return tl::unexpected(status.error());
  if (!status->is_folder()) return errno_failure(ENOTDIR, path);
  return made;
}

Expected<FileStatus> status_at(int folder, const std::string& name) {
  auto status = stat_at(folder, name);
  if (!status) return tl::unexpected(std::move(status).error());
  return to_file_status(*status);
}

Expected<bool> make_folder_at(int folder, const std::string& name, mode_t mode) {
  if (::mkdirat(folder, name.c_str(), mode) == 0) return true;
  if (errno == EEXIST) return false;
  return errno_failure(errno, name);
}

Expected<void> unlink_at(int folder, const std::string& name, bool is_folder) {
  if (::unlinkat(folder, name.c_str(), is_folder ? AT_REMOVEDIR : 0) == 0) return {};
  return errno_failure(errno, name);
}

Expected<void> rename_at(int from, const std::string& from_name, int to,
                         const std::string& to_name) {
  if (::renameat(from, from_name.c_str(), to, to_name.c_str()) == 0) return {};
  return errno_failure(errno, to_name);
}

Expected<UniqueFd> open_at(int folder, const std::string& name, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = ::openat(folder, name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return errno_failure(errno, name);
  return UniqueFd(fd);
}

Expected<FileStatus> write_file_unsynced_at(int folder, const std::string& name,
                                            std::string_view bytes, mode_t mode) {
  const std::string temporary = std::string(k_temporary_prefix) + unique_name();
  auto fd = open_at(folder, temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
  if (!fd) return tl::unexpected(std::move(fd).error());
  auto done = fill_and_rename_at(folder, fd->get(), temporary, name, bytes, mode);
  if (!done) ::unlinkat(folder, temporary.c_str(), 0);
  return done;
}

std::string path_in(int folder, std::string_view name) {
  return "/proc/self/fd/" + std::to_string(folder) + "/" + std::string(name);
}

Expected<UniqueFd> duplicate(int fd) {
  UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!copy) return errno_failure(errno, "duplicate");
  return copy;
}

std::string unique_name() {
  static std::atomic<std::uint64_t> counter{0};
  return std::to_string(::getpid()) + "-" + std::to_string(++counter);
}

Expected<Space> space_of(int fd) {
  struct ::statvfs status {};
  if (::fstatvfs(fd, &status) != 0) return errno_failure(errno, "free space");
  return Space{status.f_blocks * status.f_frsize, status.f_bavail * status.f_frsize};
}

}  // namespace pulse2::os
