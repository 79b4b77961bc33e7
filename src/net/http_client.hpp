#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "http/field.hpp"

namespace pulse2::net {

struct HttpClientOptions {
  std::string host;  ///< name or address
  std::uint16_t port = 0;
  bool tls = false;
  /// The server's certificate must be signed by `authority` (any name in it is taken: those of
  /// deployed agents say nothing), and `identity` is shown as ours.
  bool verify_peer = false;
  std::string authority;  ///< PEM file; only with verify_peer
  std::string identity;   ///< PEM file with certificate and key; only with verify_peer
  std::string username;   ///< empty: no Authorization
  std::string password;
  std::string user_agent = "pulse2-package-server";
  std::chrono::seconds connect_timeout{10};  ///< name, connection and TLS handshake together
  std::chrono::seconds answer_timeout{60};   ///< from the request's first byte to the answer's last
  std::chrono::seconds keep_idle{15};        ///< how long an unused connection is kept
  std::size_t max_connections = 8;           ///< further requests wait for one of these
  std::size_t max_answer = 64UL << 20U;      ///< bytes of an answer's body
};

/// What a server answered.
struct ClientResponse {
  int status = 0;
  std::string body;
};

/// Sends requests to one HTTP or HTTPS server over a few connections that are used again. Belongs
/// to the thread of its executor; any number of requests may be under way.
class HttpClient {
 public:
  /// Errors are those of the PEM files; nothing is connected yet.
  [[nodiscard]] static base::Expected<std::unique_ptr<HttpClient>> create(
      boost::asio::any_io_executor executor, HttpClientOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  /// POSTs a body and awaits the answer, whatever its status. A connection that was used before and
  /// turns out to be closed is replaced by a new one, once. Errors:
  ///   `unavailable`       no connection: the server can't have seen the request
  ///   `permission_denied` the certificate is refused: neither
  ///   `timed_out`, `io`, `malformed`, `limit_exceeded`  the server may have acted on it
  ///   `cancelled`         after cancel().
  /// The client must outlive the call.
  [[nodiscard]] boost::asio::awaitable<base::Expected<ClientResponse>> post(std::string target,
                                                                            http::Fields fields,
                                                                            std::string body);

  /// Ends all that goes on with `cancelled`; later requests too.
  void cancel();

 private:
  class Implementation;
  explicit HttpClient(std::shared_ptr<Implementation> implementation);
  std::shared_ptr<Implementation> m_implementation;
};

}  // namespace pulse2::net
