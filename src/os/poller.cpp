#include "os/poller.hpp"

#include <algorithm>
#include <cerrno>

namespace pulse2::os {

namespace {

constexpr std::uint32_t k_failed = EPOLLERR | EPOLLHUP;

Poller::Readiness to_readiness(std::uint32_t events) {
  Poller::Readiness readiness;
  readiness.can_read = (events & (EPOLLIN | EPOLLRDHUP | k_failed)) != 0;
  readiness.can_write = (events & (EPOLLOUT | k_failed)) != 0;
  readiness.peer_ended = (events & (EPOLLRDHUP | k_failed)) != 0;
  return readiness;
}

}  // namespace

base::Expected<Poller> Poller::create() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return tl::unexpected(base::errno_error(errno, "epoll"));
  return Poller(std::move(epoll));
}

base::Expected<void> Poller::add(int socket, Listener& listener) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &listener;
  if (::epoll_ctl(m_epoll.get(), EPOLL_CTL_ADD, socket, &event) == 0) return {};
  return tl::unexpected(base::errno_error(errno, "epoll"));
}

void Poller::remove(int socket, const Listener& listener) noexcept {
  // Closing would not do: a child on its way to exec may still hold a copy of the descriptor.
  epoll_event unused{};
  ::epoll_ctl(m_epoll.get(), EPOLL_CTL_DEL, socket, &unused);
  for (std::size_t i = m_next; i < m_end; ++i) {
    if (m_events[i].data.ptr == &listener) m_events[i].data.ptr = nullptr;
  }
}

void Poller::dispatch() {
  const int count = ::epoll_wait(m_epoll.get(), m_events.data(), static_cast<int>(k_batch), 0);
  m_end = static_cast<std::size_t>(std::max(count, 0));
  for (m_next = 0; m_next < m_end;) {
    const epoll_event event = m_events[m_next++];
    auto* listener = static_cast<Listener*>(event.data.ptr);
    if (listener != nullptr) listener->on_ready(to_readiness(event.events));
  }
}

}  // namespace pulse2::os
