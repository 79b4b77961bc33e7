#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <utility>

#include "net/connection.hpp"
#include "net/server_state.hpp"
#include "os/poller.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::net {

/// One I/O thread's event loop with its listening sockets and connections. A connection belongs to
/// its coroutine while it has one, else to the lists here. Members marked "any
/// thread" may be called from anywhere, the others belong to the thread that runs the loop.
class Worker {
 public:
  /// Throws std::runtime_error when there are no descriptors left.
  Worker(std::shared_ptr<ServerState> state, std::shared_ptr<const Site> site,
         std::shared_ptr<const TlsContext> tls);
  ~Worker();

  /// Before run(): takes over a non-blocking listening socket.
  void add_listener(os::UniqueFd listener, const boost::asio::ip::tcp& protocol);
  /// Until stop().
  void run();

  void set_site(std::shared_ptr<const Site> site);      ///< any thread
  void set_tls(std::shared_ptr<const TlsContext> tls);  ///< any thread
  void drain();                                         ///< any thread
  void abort_all();                                     ///< any thread
  void stop();                                          ///< any thread
  /// Whether the loop has come round since this was asked last; any thread, one at a time.
  bool answers();
  /// Takes over a connection that another thread has accepted.
  void adopt(os::UniqueFd socket, const boost::asio::ip::tcp::endpoint& peer);  ///< any thread
  /// Ends a connection that is idle, if there is one: another thread needs room.
  void make_room();  ///< any thread

  [[nodiscard]] const std::shared_ptr<const Site>& site() const noexcept { return m_site; }
  [[nodiscard]] const std::shared_ptr<const TlsContext>& tls() const noexcept { return m_tls; }
  [[nodiscard]] boost::asio::io_context& io() noexcept { return m_io; }
  [[nodiscard]] os::Poller& poller() noexcept { return m_poller; }
  /// The server stops: connections end after the answer they are at.
  [[nodiscard]] bool draining() const noexcept { return m_draining; }
  [[nodiscard]] ServerState& state() const noexcept { return *m_state; }
  /// After the connection has got as far as `step` without waiting; it may be gone then.
  void go_on(Connection& connection, Connection::Step step);
  /// Between requests: the last one to make room.
  void set_idle(Connection& connection);
  /// Within a request: not to be disturbed.
  void set_busy(Connection& connection);
  /// Counts seconds, roughly.
  [[nodiscard]] unsigned tick() const noexcept { return m_tick; }
  /// The current Date header, rendered once a second.
  [[nodiscard]] const std::string& date();

 private:
  using ConnectionList =
      boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

  boost::asio::awaitable<void> poll_loop();
  boost::asio::awaitable<void> accept_loop(boost::asio::ip::tcp::acceptor& acceptor);
  /// Takes what waits; false when there is no room and accepting has to pause.
  bool accept_some(boost::asio::ip::tcp::acceptor& acceptor);
  /// Whether even another refusal would be too much.
  bool is_overrun();
  /// The worker with the fewest connections; this one among equals. Whoever had time took what is
  /// new, and the thread that got the most would set the pace.
  Worker& least_busy();
  void begin(Share share, os::UniqueFd socket, const boost::asio::ip::tcp::endpoint& peer);
  /// A place for a client, or why there is none.
  std::pair<Place, Refusal> find_place(const base::IpAddress& client);
  boost::asio::awaitable<void> serve(std::unique_ptr<Connection> connection, Connection::Step step);
  /// Breaks a connection off, whatever it is at.
  void dismiss(Connection& connection);
  void dismiss_all(ConnectionList& connections);
  /// Ends those whose time is over at `now`.
  void check_deadlines(ConnectionList& connections, Channel::Clock::time_point now);
  /// Ends the connection that has been idle longest, to make room; false when none has been idle
  /// for a second: those that were just let in get to say what they want.
  bool evict_idle();
  /// Once a second: ends waits whose time is over and closes files not asked for any more.
  boost::asio::awaitable<void> sweep();

  std::shared_ptr<ServerState> m_state;
  std::shared_ptr<const Site> m_site;
  std::shared_ptr<const TlsContext> m_tls;
  std::atomic<std::size_t> m_shares{0};  ///< connections that it has, or is about to get
  ConnectionList m_idle;                 ///< longest idle first
  ConnectionList m_busy;                 ///< and those that are being ended or refused
  std::size_t m_refused = 0;             ///< connections that get 503
  unsigned m_tick = 0;
  os::Poller m_poller;
  boost::asio::io_context m_io{1};                    ///< after what the coroutines in it use
  boost::asio::posix::stream_descriptor m_poll_wait;  ///< ready when the poller has to tell
  std::list<boost::asio::ip::tcp::acceptor> m_acceptors;
  boost::asio::steady_timer m_sweep_timer;
  bool m_draining = false;
  std::atomic<bool> m_has_answered{true};
  std::int64_t m_date_second = -1;
  std::string m_date;
};

}  // namespace pulse2::net
