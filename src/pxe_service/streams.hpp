#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "os/unique_fd.hpp"
#include "pxe_service/responder.hpp"

namespace pulse2::pxe_service {

/// The TCP side of the service: requests one behind the other, without a delimiter. Belongs to the
/// thread of its executor.
class Streams {
 public:
  struct Options {
    std::size_t most = 0;                 ///< option pxe_max_connections
    std::chrono::seconds idle_timeout{};  ///< option pxe_idle_timeout
  };

  /// `responder` outlives it. `listeners` listen.
  Streams(boost::asio::any_io_executor executor, std::vector<os::UniqueFd> listeners,
          Responder& responder, Options options);
  Streams(const Streams&) = delete;
  Streams& operator=(const Streams&) = delete;

  /// Begins to accept; from any thread.
  void start();
  /// Closes everything.
  void stop();

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;
  using Socket = boost::asio::ip::tcp::socket;

  /// A connection. It is over when its socket is closed.
  struct Connection {
    Connection(Socket accepted, std::string name)
        : socket(std::move(accepted)), client(std::move(name)) {}

    Socket socket;
    std::string client;
    std::string bytes;  ///< received and not yet taken
    std::chrono::steady_clock::time_point since = std::chrono::steady_clock::now();
    bool is_answering = false;
  };
  using ConnectionPointer = std::shared_ptr<Connection>;

  Awaitable<void> accept(Acceptor& acceptor);
  void admit(Socket socket);
  /// Closes a connection that waits, of the client with the most. False when all are being
  /// answered.
  bool make_room();
  Awaitable<void> serve(ConnectionPointer connection);
  /// Answers the first request, of `size` bytes. False when the connection is over.
  Awaitable<bool> answer(Connection& connection, std::size_t size);
  /// Appends what comes. False when nothing does, or it is no request any more.
  Awaitable<bool> receive(Connection& connection);
  /// Closes what waits too long, as long as there are connections.
  Awaitable<void> sweep();

  boost::asio::any_io_executor m_executor;
  Responder& m_responder;
  Options m_options;
  std::list<ConnectionPointer> m_connections;
  std::list<Acceptor> m_acceptors;
  boost::asio::steady_timer m_sweep_timer;
  boost::asio::steady_timer m_accept_pause;
  bool m_sweeping = false;
  bool m_stopped = false;
};

}  // namespace pulse2::pxe_service
