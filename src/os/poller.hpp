#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::os {

/// Tells which of many sockets became ready: epoll(7), edge-triggered. A socket is registered once;
/// waiting for it then costs no system call, where Asio's own wait costs an epoll_ctl each time.
/// For one thread.
class Poller {
 public:
  /// What has become possible since it was told last. After a hang-up or an error everything is:
  /// the next attempt shows what happened.
  struct Readiness {
    bool can_read = false;
    bool can_write = false;
    bool peer_ended = false;  ///< the other end sends no more: reading comes to an end
  };

  class Listener {
   public:
    Listener() = default;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    virtual ~Listener() = default;
    /// May remove listeners, itself included.
    virtual void on_ready(Readiness readiness) = 0;
  };

  [[nodiscard]] static base::Expected<Poller> create();

  /// Readable when dispatch() has something to tell.
  [[nodiscard]] int descriptor() const noexcept { return m_epoll.get(); }
  /// The listener hears of the socket until it is removed. What is ready already is told as well.
  [[nodiscard]] base::Expected<void> add(int socket, Listener& listener);
  /// Before the socket is closed. The listener hears of nothing from now on.
  void remove(int socket, const Listener& listener) noexcept;
  /// Tells what became ready and returns; does not wait.
  void dispatch();

 private:
  static constexpr std::size_t k_batch = 64;

  explicit Poller(UniqueFd epoll) : m_epoll(std::move(epoll)) {}

  UniqueFd m_epoll;
  std::array<epoll_event, k_batch> m_events{};
  std::size_t m_next = 0;  ///< of the events, the first that was not told
  std::size_t m_end = 0;
};

}  // namespace pulse2::os
