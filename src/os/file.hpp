#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

/// Whole files. Every descriptor is opened close-on-exec; calls are repeated after EINTR.
namespace pulse2::os {

/// Names of temporary files begin with this, so that scans and listings can pass over what a crash
/// left behind.
inline constexpr std::string_view k_temporary_prefix = ".pulse2-tmp.";

/// What identifies a file's content as far as the file system can tell.
struct FileStatus {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;     ///< bytes
  std::int64_t mtime_ns = 0;  ///< last change of the content, nanoseconds since 1970
  std::int64_t ctime_ns = 0;  ///< last change of content or inode, nanoseconds since 1970
  mode_t mode = 0;            ///< type and permission bits

  [[nodiscard]] bool is_regular() const noexcept { return S_ISREG(mode); }
  [[nodiscard]] bool is_folder() const noexcept { return S_ISDIR(mode); }
  [[nodiscard]] bool is_link() const noexcept { return S_ISLNK(mode); }
  /// By its permission bits: by more than its owner and its group.
  [[nodiscard]] bool is_open_to_others() const noexcept { return (mode & S_IWOTH) != 0; }
  bool operator==(const FileStatus&) const = default;
};

[[nodiscard]] FileStatus to_file_status(const struct ::stat& status) noexcept;
/// fstat(2). `what` names the file in the error.
[[nodiscard]] base::Expected<FileStatus> status_of(int fd, std::string_view what);
/// stat(2): links are followed.
[[nodiscard]] base::Expected<FileStatus> status_of(const std::string& path);
/// fstatat(2) of a name in an open folder: a link itself, not what it leads to.
[[nodiscard]] base::Expected<FileStatus> link_status_of(int folder, const std::string& name);

/// open(2) with O_CLOEXEC added.
[[nodiscard]] base::Expected<UniqueFd> open_file(const std::string& path, int flags,
                                                 mode_t mode = 0666);

/// The bytes from the descriptor's start to its end. Error `limit_exceeded` beyond `max` bytes.
[[nodiscard]] base::Expected<std::string> read_file(int fd, std::uint64_t max,
                                                    std::string_view what);
[[nodiscard]] base::Expected<std::string> read_file(const std::string& path, std::uint64_t max);

/// pread(2) until `size` bytes or the end of the file; the number of bytes read.
[[nodiscard]] base::Expected<std::size_t> read_at(int fd, char* buffer, std::size_t size,
                                                  std::uint64_t offset);
/// Asks for bytes that will be read soon; does not wait for them.
void read_ahead(int fd, std::uint64_t offset, std::uint64_t size) noexcept;
/// write(2) until everything is written.
[[nodiscard]] base::Expected<void> write_all(int fd, std::string_view bytes);

/// Replaces the file: temporary file in the same folder, fsync, rename, fsync of the folder. After
/// any failure the old file stands as it was and the temporary one is gone.
[[nodiscard]] base::Expected<void> write_file_atomically(const std::string& path,
                                                         std::string_view bytes,
                                                         mode_t mode = 0644);

/// The folder that holds `path`: "/a/b" -> "/a", "/a" -> "/", "b" -> ".".
[[nodiscard]] std::string folder_of(const std::string& path);

/// The rights that a new file of that mode gets: those that the process's umask leaves. For files
/// whose mode is set afterwards.
[[nodiscard]] mode_t less_umask(mode_t mode);

/// Whether somebody has the file open for writing now, as far as the system tells: false for file
/// systems that don't know and for files of others. `fd` is open for reading only.
[[nodiscard]] bool is_open_for_writing(int fd) noexcept;

/// fsync(2) of an open file. A file system that knows no such thing has nothing to make durable.
[[nodiscard]] base::Expected<void> sync_file(int fd, std::string_view what);
/// syncfs(2): makes everything durable that was written to the file system of an open file.
[[nodiscard]] base::Expected<void> sync_file_system(int fd, std::string_view what);
/// Makes the names in a folder durable.
[[nodiscard]] base::Expected<void> sync_folder(const std::string& path);

}  // namespace pulse2::os
