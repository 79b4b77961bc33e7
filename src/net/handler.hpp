#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace pulse2::net {

/// The other end of a connection.
struct Peer {
  base::IpAddress address;
  std::uint16_t port = 0;
  bool tls = false;
  std::string certificate_subject;  ///< one line as OpenSSL prints it; empty without a certificate
};

/// What holds for one request of one client; asked for after its head and before its body was
/// read.
struct Rules {
  /// That are answered, as they stand in `Allow`; others get 405. HEAD has to be named; the body of
  /// its answer is left out by the server.
  std::vector<std::string_view> methods;
  bool authenticate = false;             ///< ask for the site's user name and password
  std::uint64_t max_body = 16ULL << 20;  ///< bytes; longer bodies are answered with 413
  /// Folder of the temporary file for a body too large for memory; empty or missing: the system's.
  std::string spool_dir;
  std::uint64_t spool_reserve = 0;       ///< bytes that must stay free there, or 507 …
  unsigned spool_reserve_percent = 100;  ///< … but no larger share of the file system
};

/// One complete request. Everything lives until the answer was produced.
struct Request {
  const http::RequestHead& head;
  std::string_view body;  ///< decoded from its chunks; a memory map when it is large
  const Peer& peer;
};

/// Answers the requests of one route. Called by all I/O threads at once: no locks held for long, no
/// blocking calls longer than opening a file; longer work is awaited on a pool.
class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler();

  /// They live as long as the handler.
  [[nodiscard]] virtual const Rules& rules(const http::RequestHead& head,
                                           const Peer& peer) const = 0;
  /// The answer when it needs no waiting; nullopt when respond() has to be asked. Tried first: an
  /// answer at once takes no coroutine. Exceptions as there.
  [[nodiscard]] virtual std::optional<http::Response> respond_at_once(const Request& request);
  /// An exception becomes a 500 page and a line for the operator.
  [[nodiscard]] virtual boost::asio::awaitable<http::Response> respond(const Request& request) = 0;
};

}  // namespace pulse2::net
