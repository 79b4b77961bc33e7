#pragma once

#include <sys/uio.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "net/tls.hpp"
#include "os/poller.hpp"
#include "os/unique_fd.hpp"

struct ssl_st;

namespace pulse2::net {

/// 64 KiB of the calling thread for bytes on their way. Its content does not survive a co_await.
[[nodiscard]] std::span<char> thread_buffer();

/// What came of an attempt to move bytes without waiting.
enum class Io {
  moved,       ///< some bytes
  want_read,   ///< nothing: repeat when the socket has something to read
  want_write,  ///< nothing: repeat when the socket takes bytes again
  closed,      ///< the other end closed, or the connection is broken
};

struct IoResult {
  Io state = Io::closed;
  std::size_t bytes = 0;
};

/// One connection's bytes, plain or through TLS. Nothing blocks: an attempt either moves bytes or
/// says what to wait for. Each wait has an idle limit, enforced by check_deadline(): a client that
/// takes what the kernel has of an answer is not idle, however slow it is. For one thread.
class Channel {
 public:
  using Clock = std::chrono::steady_clock;

  /// `socket` is non-blocking; what a poller tells of it goes to on_ready(). Waits are resumed in
  /// `io`, which outlives the channel. `tls` null: plain.
  Channel(boost::asio::io_context& io, os::UniqueFd socket, std::shared_ptr<const TlsContext> tls);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  [[nodiscard]] bool is_tls() const noexcept { return m_ssl != nullptr; }
  [[nodiscard]] int socket() const noexcept { return m_socket.get(); }

  /// Whether read() may get anything.
  [[nodiscard]] bool may_read() const noexcept { return m_can_read; }
  /// Notes what has become possible, and resumes the wait for it. True when there was one: the
  /// channel may be gone then.
  bool on_ready(os::Poller::Readiness readiness);

  /// One step of the TLS handshake; `moved` when it is complete.
  IoResult handshake();
  IoResult read(std::span<char> buffer);
  /// Sends the pieces in order; `bytes` counts what was taken over. `more`: further bytes follow
  /// at once, a packet that is not full may wait for them.
  IoResult write(std::span<const iovec> pieces, bool more);
  /// say_goodbye() or finish_sending() follows on what is sent from now on: its end may wait for
  /// that, or for 200 ms.
  void expect_end() noexcept { m_end_follows = true; }
  /// Sends `count` bytes at most of a file. `bytes` 0 with `moved`: the file ended before them.
  IoResult send_file(int file, std::uint64_t offset, std::uint64_t count);
  /// Pushes out what write() took over and the socket did not; `moved` when nothing is left.
  IoResult flush();
  /// TLS close_notify, before the channel is destroyed: that ends the connection.
  void say_goodbye();
  /// Says goodbye and ends our direction, so that what the client still sends can be read.
  void finish_sending();
  /// Subject of the client's certificate in one line; empty without one.
  [[nodiscard]] std::string certificate_subject() const;

  /// Waits for what an attempt wanted; false when the idle limit passed, or after abort().
  boost::asio::awaitable<bool> wait(Io wanted, std::chrono::seconds idle);
  /// Ends the wait when its idle limit passed at `now`. To be called about once a second.
  void check_deadline(Clock::time_point now);
  [[nodiscard]] bool aborted() const noexcept { return m_aborted; }
  [[nodiscard]] bool timed_out() const noexcept { return m_timed_out; }
  /// Breaks the connection off: the wait that goes on ends, later attempts fail.
  void abort();
  /// The coroutine that waits, if one does, ends with all that it owns at the end of `io`.
  void drop_wait() { m_waiter.reset(); }

 private:
  /// After the handshake: the kernel encrypts, or records go through the thread's output.
  void choose_output();
  IoResult kernel_write(std::span<const iovec> pieces);
  /// `more`: further bytes follow what the library wrote.
  IoResult tls_result(int result, bool more = false);
  IoResult tls_write(std::span<const iovec> pieces, bool more);
  IoResult tls_send_file(int file, std::uint64_t offset, std::uint64_t count);
  /// Whether the client acknowledged bytes since the last call within the same wait.
  bool has_moved();
  /// The result of a system call on the socket that moves bytes; notes that it had to wait.
  IoResult system_result(ssize_t result, Io blocked);
  [[nodiscard]] bool is_ready(Io wanted) const noexcept {
    return wanted == Io::want_read ? m_can_read : m_can_write;
  }
  /// Resumes the wait that goes on, not before the caller has returned.
  void end_wait();
  /// Sends the records that the library wrote into the thread's output; keeps the rest.
  bool send_records(bool more);

  using Waiter = boost::asio::async_result<std::decay_t<decltype(boost::asio::use_awaitable)>,
                                           void()>::handler_type;

  boost::asio::io_context& m_io;
  os::UniqueFd m_socket;
  std::shared_ptr<const TlsContext> m_tls;  ///< outlives m_ssl
  ssl_st* m_ssl = nullptr;
  std::optional<Waiter> m_waiter;  ///< the coroutine that waits
  bool m_kernel_tls = false;       ///< the kernel encrypts what is sent
  // Whether an attempt may get further. Cleared when one did not, set when the poller tells.
  bool m_can_read = false;
  bool m_can_write = true;
  bool m_peer_ended = false;
  bool m_end_follows = false;
  std::string m_unsent;  ///< TLS records that the socket did not take
  Clock::time_point m_deadline = Clock::time_point::max();
  std::chrono::seconds m_idle{};  ///< of the wait that goes on
  bool m_waits_to_write = false;
  int m_queued = -1;  ///< bytes the kernel had still to get through; -1: not looked at yet
  bool m_timed_out = false;
  bool m_aborted = false;
};

}  // namespace pulse2::net
