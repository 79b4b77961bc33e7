#include "os/folder_watcher.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <string_view>

namespace pulse2::os {

using base::Expected;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

constexpr std::uint32_t k_mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MODIFY |
                                 IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                 IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr std::size_t k_part = 64UL * 1024;
/// Somebody who keeps writing must not keep the reader.
constexpr int k_most_parts = 64;

FolderWatcher::Event to_event(const inotify_event& raw) {
  FolderWatcher::Event event;
  event.id = raw.wd;
  event.is_folder = (raw.mask & IN_ISDIR) != 0;
  if ((raw.mask & IN_IGNORED) != 0) {
    event.kind = FolderWatcher::Event::Kind::ended;
  } else if ((raw.mask & (IN_MOVE_SELF | IN_DELETE_SELF | IN_UNMOUNT)) != 0) {
    event.kind = FolderWatcher::Event::Kind::moved;
  } else if (raw.len > 0) {
    event.name = static_cast<const char*>(raw.name);
  }
  return event;
}

void add_events(const char* part, std::size_t size, FolderWatcher::Events& events) {
  for (std::size_t offset = 0; offset < size;) {
    const auto& raw = *reinterpret_cast<const inotify_event*>(part + offset);
    offset += sizeof(inotify_event) + raw.len;
    if ((raw.mask & IN_Q_OVERFLOW) != 0) {
      events.overflowed = true;
    } else {
      events.events.push_back(to_event(raw));
    }
  }
}

int milliseconds_until(std::optional<steady_clock::time_point> until) {
  if (!until) return -1;
  const auto left = std::chrono::ceil<milliseconds>(*until - steady_clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, INT_MAX));
}

}  // namespace

Expected<FolderWatcher> FolderWatcher::open() {
  UniqueFd wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake) return tl::unexpected(base::errno_error(errno, "eventfd"));
  // Without inotify (a limit of instances) there is still the waiting.
  UniqueFd events(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  return FolderWatcher(std::move(events), std::move(wake));
}

Expected<FolderWatcher::Id> FolderWatcher::watch(int folder) {
  if (!m_events) {
    return base::fail(base::ErrorKind::limit_exceeded, "too many users of inotify");
  }
  const std::string path = "/proc/self/fd/" + std::to_string(folder);
  const int id = ::inotify_add_watch(m_events.get(), path.c_str(), k_mask);
  if (id >= 0) return id;
  auto error = base::errno_error(errno, "watch folder");
  if (errno == ENOSPC || errno == ENOMEM) error.kind = base::ErrorKind::limit_exceeded;
  return tl::unexpected(std::move(error));
}

void FolderWatcher::unwatch(Id id) noexcept {
  if (m_events) ::inotify_rm_watch(m_events.get(), id);
}

void FolderWatcher::wait(std::optional<steady_clock::time_point> until) {
  std::array<pollfd, 2> fds = {pollfd{m_wake.get(), POLLIN, 0}, pollfd{m_events.get(), POLLIN, 0}};
  // A signal ends it too: whoever waits looks at what there is to do.
  if (::poll(fds.data(), fds.size(), milliseconds_until(until)) <= 0) return;
  std::uint64_t count = 0;
  if ((fds[0].revents & POLLIN) != 0) (void)!::read(m_wake.get(), &count, sizeof count);
}

void FolderWatcher::wake() noexcept {
  const std::uint64_t one = 1;
  (void)!::write(m_wake.get(), &one, sizeof one);
}

FolderWatcher::Events FolderWatcher::take() {
  alignas(inotify_event) std::array<char, k_part> part;  // NOLINT: the system fills it
  Events events;
  for (int i = 0; m_events && i < k_most_parts; ++i) {
    const auto got = ::read(m_events.get(), part.data(), part.size());
    if (got <= 0) break;
    add_events(part.data(), static_cast<std::size_t>(got), events);
  }
  return events;
}

}  // namespace pulse2::os
