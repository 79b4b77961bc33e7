#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <cstddef>
#include <list>
#include <memory>
#include <string>

#include "net/connection.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::net {

/// What the threads of one server share.
struct ServerState {
  std::size_t threads = 1;
  std::atomic<std::size_t> connections{0};
};

/// One I/O thread's event loop with its listening sockets and connections. Members marked "any
/// thread" may be called from anywhere, the others belong to the thread that runs the loop.
class Worker {
 public:
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

  [[nodiscard]] const std::shared_ptr<const Site>& site() const noexcept { return m_site; }
  [[nodiscard]] const std::shared_ptr<const TlsContext>& tls() const noexcept { return m_tls; }
  /// The server stops: connections end after the answer they are at.
  [[nodiscard]] bool draining() const noexcept { return m_draining; }
  /// The connection begins to be idle: the last one to make room.
  void touch(Connection& connection);
  /// The current Date header, rendered once a second.
  [[nodiscard]] const std::string& date();

 private:
  using ConnectionList =
      boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>>;

  boost::asio::awaitable<void> accept_loop(boost::asio::ip::tcp::acceptor& acceptor);
  /// Takes what waits; false when resources ran out and accepting has to pause.
  bool accept_some(boost::asio::ip::tcp::acceptor& acceptor);
  void begin(os::UniqueFd socket, const boost::asio::ip::tcp::endpoint& peer);
  boost::asio::awaitable<void> serve(std::unique_ptr<Connection> connection);
  /// Ends the connection that has been idle longest, to make room; false when none is idle.
  bool evict_idle();
  /// Once a second: ends waits whose time is over and closes files not asked for any more.
  boost::asio::awaitable<void> sweep();

  std::shared_ptr<ServerState> m_state;
  std::shared_ptr<const Site> m_site;
  std::shared_ptr<const TlsContext> m_tls;
  std::size_t m_count = 0;          ///< of m_connections
  ConnectionList m_connections;     ///< oldest activity first
  boost::asio::io_context m_io{1};  ///< after what the coroutines in it use
  std::list<boost::asio::ip::tcp::acceptor> m_acceptors;
  boost::asio::steady_timer m_sweep_timer;
  bool m_draining = false;
  std::int64_t m_date_second = -1;
  std::string m_date;
};

}  // namespace pulse2::net
