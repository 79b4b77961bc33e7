#include "os/beneath.hpp"

#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>

#include "base/text.hpp"
#include "os/file.hpp"

namespace pulse2::os {

using base::ErrorKind;
using base::Expected;

namespace {

tl::unexpected<base::Error> errno_failure(int number, std::string_view what) {
  return tl::unexpected<base::Error>(base::errno_error(number, what));
}

tl::unexpected<base::Error> leaves_root(std::string_view relative, std::string detail = {}) {
  return base::fail(ErrorKind::permission_denied,
                    base::printable(relative) + ": leads out of its folder", std::move(detail));
}

/// True for paths that no resolution is needed to refuse.
bool is_refused(std::string_view relative) {
  if (relative.find('\0') != std::string_view::npos) return true;
  if (!relative.empty() && relative.front() == '/') return true;
  const auto parts = base::split(relative, '/');
  return std::find(parts.begin(), parts.end(), "..") != parts.end();
}

int open_beneath_by_kernel(int folder, const char* relative, int flags) {
  ::open_how how{};
  how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do {
    fd = ::syscall(SYS_openat2, folder, relative, &how, sizeof how);
    // EAGAIN: a rename raced with the resolution.
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  return static_cast<int>(fd);
}

/// The path of what a descriptor refers to, from /proc.
Expected<std::string> real_path_of(int fd) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::array<char, PATH_MAX> buffer{};
  const auto size = ::readlink(link.c_str(), buffer.data(), buffer.size());
  if (size < 0) return errno_failure(errno, link);
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

bool is_within(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.starts_with('/');
  return path.starts_with(folder) && (path.size() == folder.size() || path[folder.size()] == '/');
}

Expected<std::string> real_path_of(const std::string& path) {
  auto fd = open_file(path, O_PATH | O_DIRECTORY);
  if (!fd) return tl::unexpected(std::move(fd).error());
  return real_path_of(fd->get());
}

}  // namespace

Expected<Root> Root::open(const std::string& path,
                          const std::vector<std::string>& follow_links_to) {
  auto folder = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!folder) return tl::unexpected(std::move(folder).error());
  Root root;
  root.m_folder = std::move(*folder);
  root.m_path = path;
  while (root.m_path.size() > 1 && root.m_path.back() == '/')
    root.m_path.pop_back();
  auto real = real_path_of(root.m_folder.get());
  if (!real) return tl::unexpected(std::move(real).error());
  root.m_allowed.push_back(std::move(*real));
  for (const auto& other : follow_links_to) {
    auto target = real_path_of(other);
    if (!target) return tl::unexpected(std::move(target).error());
    root.m_allowed.push_back(std::move(*target));
  }
  return root;
}

Expected<UniqueFd> Root::open_beneath(std::string_view relative, int flags) const {
  if (is_refused(relative)) return leaves_root(relative);
  const std::string path = relative.empty() ? "." : std::string(relative);
  // Kernels before 5.6 and some sandboxes do not know the call: asked once.
  static std::atomic<bool> kernel_knows{true};
  if (kernel_knows.load(std::memory_order_relaxed)) {
    const int fd = open_beneath_by_kernel(m_folder.get(), path.c_str(), flags);
    if (fd >= 0) return UniqueFd(fd);
    if (errno == ENOSYS || errno == EPERM) {
      kernel_knows.store(errno != ENOSYS, std::memory_order_relaxed);
    } else if (errno != EXDEV) {
      return errno_failure(errno, base::printable(relative));
    }
  }
  // EXDEV: the kernel refuses every absolute link, ours may lead back inside or be allowed.
  return open_checked(path, flags);
}

Expected<UniqueFd> Root::open_checked(const std::string& relative, int flags) const {
  const int resolve_only = O_PATH | O_CLOEXEC | (flags & O_NOFOLLOW);
  UniqueFd target(::openat(m_folder.get(), relative.c_str(), resolve_only));
  if (!target) return errno_failure(errno, base::printable(relative));
  auto real = real_path_of(target.get());
  if (!real) return tl::unexpected(std::move(real).error());
  const bool allowed = std::any_of(m_allowed.begin(), m_allowed.end(),
                                   [&](const auto& folder) { return is_within(*real, folder); });
  if (!allowed) return leaves_root(relative, *real);
  if ((flags & O_PATH) != 0) return target;
  // The descriptor is resolved already: opening it again through /proc follows no further link.
  return open_file("/proc/self/fd/" + std::to_string(target.get()), flags & ~O_NOFOLLOW);
}

}  // namespace pulse2::os
