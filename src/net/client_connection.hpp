#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "http/field.hpp"

struct ssl_ctx_st;

namespace pulse2::net {

/// A request as it goes over the wire.
struct ClientRequest {
  std::string method;
  std::string target;
  http::Fields fields;  ///< Host and Content-Length are added
  std::string host;     ///< value of Host
  std::string body;
};

/// What came of a request.
struct ExchangeResult {
  boost::system::error_code error;
  bool heard = false;  ///< some byte of an answer arrived, also when it went wrong later
  bool keep = false;   ///< the connection can be used again
  int status = 0;
  std::string body;
};

/// One connection of an HttpClient, plain or TLS. For one thread, one request at a time.
class ClientConnection {
 public:
  using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;

  /// `tls` null: plain; it outlives the connection.
  [[nodiscard]] static std::unique_ptr<ClientConnection> create(
      const boost::asio::any_io_executor& executor, ssl_ctx_st* tls);
  ClientConnection() = default;
  ClientConnection(const ClientConnection&) = delete;
  ClientConnection& operator=(const ClientConnection&) = delete;
  virtual ~ClientConnection() = default;

  /// To the first endpoint that takes it, TLS handshake included; `host` is named in it.
  [[nodiscard]] virtual boost::asio::awaitable<boost::system::error_code> connect(
      Endpoints endpoints, std::string host, std::chrono::seconds limit) = 0;
  [[nodiscard]] virtual boost::asio::awaitable<ExchangeResult> exchange(ClientRequest request,
                                                                        std::chrono::seconds limit,
                                                                        std::size_t max_body) = 0;
  /// Nothing arrived since the last answer: the server has not closed it.
  [[nodiscard]] virtual bool is_quiet() = 0;
  /// Breaks off what goes on.
  virtual void close() = 0;
};

}  // namespace pulse2::net
