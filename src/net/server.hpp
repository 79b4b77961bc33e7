#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/error.hpp"
#include "net/site.hpp"
#include "net/tls.hpp"

namespace pulse2::net {

class Worker;
struct ServerState;

struct ServerOptions {
  /// Names or addresses. Empty, or an empty name: all addresses, IPv4 and IPv6; `localhost` binds
  /// both loopback addresses.
  std::vector<std::string> hosts;
  std::uint16_t port = 0;      ///< 0: any free one, the same for all addresses
  unsigned threads = 0;        ///< I/O threads; 0: one for each core
  std::vector<int> inherited;  ///< listening sockets passed by a supervisor; hosts and port unused
  std::shared_ptr<const TlsContext> tls;  ///< null: plain HTTP
};

/// The HTTP server: one io_context for each I/O thread, connections never move between them.
/// All functions are for one controlling thread, never for an I/O thread.
class Server {
 public:
  Server(ServerOptions options, std::shared_ptr<const Site> site);
  /// Stops without grace.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the listening sockets. An address that another process listens on is an error, also when
  /// that process would share it (SO_REUSEPORT). Connections queue from now on.
  /// Errors: `already_exists` for an address in use, `permission_denied`, `not_found` for a name
  /// that does not resolve, `io`.
  [[nodiscard]] base::Expected<void> bind();
  /// Starts the threads. bind() succeeded before.
  void start();
  /// Accepts no more, closes idle connections, lets running requests finish for up to `grace` or
  /// until `hurry` (asked again and again; may be empty) says true, then breaks the rest off and
  /// joins the threads. Safe to call twice.
  void stop(std::chrono::milliseconds grace, const std::function<bool()>& hurry = {});

  /// For requests that begin from now on.
  void set_site(const std::shared_ptr<const Site>& site);
  /// For connections that are accepted from now on; a server begun with TLS stays with it.
  void set_tls(const std::shared_ptr<const TlsContext>& tls);

  /// Whether every I/O thread has answered the last call of this; asks them again. Called in
  /// intervals that a thread that works never exceeds, it tells one that hangs.
  [[nodiscard]] bool threads_answer();

  /// Valid after bind().
  [[nodiscard]] std::uint16_t port() const noexcept { return m_port; }
  [[nodiscard]] const std::vector<boost::asio::ip::tcp::endpoint>& endpoints() const noexcept {
    return m_endpoints;
  }
  /// Connections open at this moment.
  [[nodiscard]] std::size_t connections() const noexcept;

 private:
  base::Expected<void> add_listener(const boost::asio::ip::tcp::endpoint& endpoint);
  /// All threads accept from the socket: whichever has time takes the next connection. With a
  /// socket for each (SO_REUSEPORT) connections waited for a thread while another had nothing to
  /// do: 4 % of the time of TLS handshakes.
  base::Expected<void> share_listener(int fd);

  ServerOptions m_options;
  std::shared_ptr<const Site> m_site;
  std::uint16_t m_port = 0;
  std::vector<boost::asio::ip::tcp::endpoint> m_endpoints;
  std::shared_ptr<ServerState> m_state;
  std::vector<std::unique_ptr<Worker>> m_workers;
  std::vector<std::thread> m_threads;
};

}  // namespace pulse2::net
