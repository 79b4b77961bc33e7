#include "app/pid_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "os/file.hpp"

namespace pulse2::app {
namespace {

using base::Expected;

/// Whether the file that is held still has the name; else one that ends removed it meanwhile.
bool is_in_place(int file, const std::string& path) {
  const auto held = os::status_of(file, path);
  const auto named = os::status_of(path);
  return held && named && held->inode == named->inode && held->device == named->device;
}

std::string holder(int file) {
  const auto content = os::read_file(file, 32, "pid file");
  const std::string pid = content ? content->substr(0, content->find('\n')) : "";
  return pid.empty() ? "" : " (process " + pid + ")";
}

/// The file, opened and locked; nothing when it was removed before the lock was there.
Expected<std::optional<os::UniqueFd>> try_to_lock(const std::string& path) {
  auto file = os::open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0644);
  if (!file) return tl::unexpected(std::move(file).error());
  if (flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    return base::fail(base::ErrorKind::already_exists,
                      "a running server holds the pid file " + path + holder(file->get()));
  }
  if (!is_in_place(file->get(), path)) return std::nullopt;
  return std::optional<os::UniqueFd>(*std::move(file));
}

}  // namespace

Expected<PidFile> PidFile::write(const std::string& path) {
  auto file = try_to_lock(path);
  while (file && !*file)
    file = try_to_lock(path);
  if (!file) return tl::unexpected(std::move(file).error());
  PidFile result(path, **std::move(file));
  if (ftruncate(result.m_file.get(), 0) != 0) {
    return tl::unexpected(base::errno_error(errno, path));
  }
  PULSE2_TRY(os::write_all(result.m_file.get(), std::to_string(getpid()) + "\n"));
  return result;
}

PidFile::~PidFile() {
  // Moved from: it holds nothing.
  if (!m_file) return;
  // In a folder that only root may change it can't be removed any more; empty it names nobody.
  if (unlink(m_path.c_str()) != 0) static_cast<void>(ftruncate(m_file.get(), 0));
}

}  // namespace pulse2::app
