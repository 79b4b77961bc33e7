#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "os/udp.hpp"
#include "tftp/exports.hpp"
#include "tftp/packet.hpp"

namespace pulse2::tftp {

/// What may change while the server runs.
struct Rules {
  std::vector<Export> exports;
  Limits limits;
  unsigned retries = 5;              ///< of a packet that is not acknowledged
  std::size_t max_transfers = 1000;  ///< further requests are not answered
  std::size_t max_transfers_per_address = 64;
};

struct ServerOptions {
  std::string host;                             ///< as net::resolve_listen_host() takes it
  std::uint16_t port = 69;                      ///< 0: any free one, the same for all addresses
  std::size_t cache_size = 64UL * 1024 * 1024;  ///< bytes of files kept in memory
  Rules rules;
};

/// A read-only TFTP server with a thread of its own. All functions are for one controlling thread.
class Server {
 public:
  explicit Server(ServerOptions options);
  /// Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Opens the sockets; may need the privileges of the start. Requests queue from now on.
  /// Errors: `already_exists` for an address in use, `permission_denied`, `not_found` for a host
  /// that does not resolve, `unavailable` when there is no address.
  [[nodiscard]] base::Expected<void> bind();
  /// Begins to answer. bind() succeeded before.
  void start();
  /// Breaks off the transfers. Safe to call twice.
  void stop();

  /// For requests from now on, while it runs.
  void set_rules(Rules rules);

  /// Valid after bind().
  [[nodiscard]] const std::vector<os::UdpEndpoint>& endpoints() const noexcept;

 private:
  class Core;
  std::unique_ptr<Core> m_core;
};

}  // namespace pulse2::tftp
