#include "os/file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace pulse2::os {

using base::errno_error;
using base::ErrorKind;
using base::Expected;

namespace {

tl::unexpected<base::Error> errno_failure(std::string_view what) {
  return tl::unexpected<base::Error>(errno_error(errno, what));
}

std::int64_t nanoseconds(const timespec& time) noexcept {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

/// Fills the temporary file and puts it in the place of `path`.
Expected<void> fill_and_rename(int fd, const std::string& temporary, const std::string& path,
                               std::string_view bytes, mode_t mode) {
  PULSE2_TRY(write_all(fd, bytes));
  if (::fchmod(fd, mode) != 0) return errno_failure(temporary);
  PULSE2_TRY(sync_file(fd, temporary));
  if (::rename(temporary.c_str(), path.c_str()) != 0) return errno_failure(path);
  return {};
}

Expected<void> replace_file(const std::string& path, std::string_view bytes, mode_t mode) {
  std::string temporary = folder_of(path) + "/" + std::string(k_temporary_prefix) + "XXXXXX";
  UniqueFd fd(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return errno_failure(path);
  auto done = fill_and_rename(fd.get(), temporary, path, bytes, mode);
  if (!done) ::unlink(temporary.c_str());
  return done;
}

}  // namespace

FileStatus to_file_status(const struct ::stat& status) noexcept {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .mtime_ns = nanoseconds(status.st_mtim),
          .ctime_ns = nanoseconds(status.st_ctim),
          .mode = status.st_mode};
}

Expected<FileStatus> status_of(int fd, std::string_view what) {
  struct ::stat status {};
  if (::fstat(fd, &status) != 0) return errno_failure(what);
  return to_file_status(status);
}

Expected<FileStatus> status_of(const std::string& path) {
  struct ::stat status {};
  if (::stat(path.c_str(), &status) != 0) return errno_failure(path);
  return to_file_status(status);
}

Expected<FileStatus> link_status_of(int folder, const std::string& name) {
  struct ::stat status {};
  if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
    return errno_failure(name);
  return to_file_status(status);
}

Expected<UniqueFd> open_file(const std::string& path, int flags, mode_t mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return errno_failure(path);
  return UniqueFd(fd);
}

Expected<std::size_t> read_at(int fd, char* buffer, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const auto got = ::pread(fd, buffer + done, size - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_failure("read");
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void read_ahead(int fd, std::uint64_t offset, std::uint64_t size) noexcept {
  ::posix_fadvise(fd, static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_WILLNEED);
}

Expected<std::string> read_file(int fd, std::uint64_t max, std::string_view what) {
  auto status = status_of(fd, what);
  if (!status) return tl::unexpected(std::move(status).error());
  // One byte more than expected shows a file that grew, and files whose size is not known (/proc).
  std::string bytes;
  std::uint64_t expected = status->size;
  for (;;) {
    if (expected > max || bytes.size() > max) {
      return base::fail(ErrorKind::limit_exceeded,
                        std::string(what) + ": larger than " + std::to_string(max) + " bytes");
    }
    const std::size_t have = bytes.size();
    const std::size_t want = static_cast<std::size_t>(expected) - have + 1;
    bytes.resize(have + want);
    auto got = read_at(fd, bytes.data() + have, want, have);
    if (!got) return tl::unexpected(errno_error(errno, what));
    bytes.resize(have + *got);
    if (*got < want) return bytes;
    expected = bytes.size() + 4096;
    if (expected > max) expected = std::max<std::uint64_t>(max, bytes.size());
  }
}

Expected<std::string> read_file(const std::string& path, std::uint64_t max) {
  auto fd = open_file(path, O_RDONLY);
  if (!fd) return tl::unexpected(std::move(fd).error());
  return read_file(fd->get(), max, path);
}

Expected<void> write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno_failure("write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

Expected<void> write_file_atomically(const std::string& path, std::string_view bytes, mode_t mode) {
  PULSE2_TRY(replace_file(path, bytes, mode));
  return sync_folder(folder_of(path));
}

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

mode_t less_umask(mode_t mode) {
  // umask(2) can only be asked by changing it, for all threads.
  constexpr std::string_view k_line = "\nUmask:";
  const auto status = read_file("/proc/self/status", 1U << 20U);
  const auto at = status ? status->find(k_line) : std::string::npos;
  // As strict as umasks commonly are, where the kernel does not tell.
  mode_t mask = 0022;
  if (at != std::string::npos) {
    mask = static_cast<mode_t>(std::strtoul(status->c_str() + at + k_line.size(), nullptr, 8));
  }
  return mode & ~mask;
}

bool is_open_for_writing(int fd) noexcept {
  // A read lease is refused while there is a writer. One that comes while it is held is told of by
  // a signal that is ignored, and waits until the lease is given back.
  ::fcntl(fd, F_SETSIG, SIGURG);
  if (::fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
    ::fcntl(fd, F_SETLEASE, F_UNLCK);
    return false;
  }
  return errno == EAGAIN;
}

Expected<void> sync_file(int fd, std::string_view what) {
  // EINVAL: a read-only image or the like, where nothing waits to become durable.
  if (::fsync(fd) != 0 && errno != EINVAL) return errno_failure(what);
  return {};
}

Expected<void> sync_file_system(int fd, std::string_view what) {
  if (::syncfs(fd) != 0) return errno_failure(what);
  return {};
}

Expected<void> sync_folder(const std::string& path) {
  auto fd = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!fd) return tl::unexpected(std::move(fd).error());
  return sync_file(fd->get(), path);
}

}  // namespace pulse2::os
