#include "net/client_connection.hpp"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cerrno>
#include <utility>

namespace pulse2::net {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace {

constexpr auto k_await = asio::as_tuple(asio::use_awaitable);
using TlsStream = asio::ssl::stream<beast::tcp_stream>;
using ResponseParser = beast::http::response_parser<beast::http::string_body>;

beast::http::request<beast::http::string_body> to_message(ClientRequest request) {
  beast::http::request<beast::http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.target);
  message.set(beast::http::field::host, request.host);
  for (const auto& field : request.fields)
    message.set(field.name, field.value);
  message.body() = std::move(request.body);
  message.prepare_payload();
  return message;
}

/// Servers that close without TLS's goodbye end a body without a length that way.
bool ends_body(const error_code& error, const ResponseParser& parser) {
  return error == asio::ssl::error::stream_truncated && parser.is_header_done() &&
         parser.need_eof();
}

asio::awaitable<error_code> greet(beast::tcp_stream& /*stream*/, const std::string& /*host*/) {
  co_return error_code{};
}

asio::awaitable<error_code> greet(TlsStream& stream, const std::string& host) {
  error_code is_name;
  asio::ip::make_address(host, is_name);
  if (is_name) SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
  const auto [error] = co_await stream.async_handshake(asio::ssl::stream_base::client, k_await);
  co_return error;
}

template <class Stream>
class ConnectionOver final : public ClientConnection {
 public:
  template <class... Arguments>
  explicit ConnectionOver(Arguments&&... arguments)
      : m_stream(std::forward<Arguments>(arguments)...) {}

  asio::awaitable<error_code> connect(Endpoints endpoints, std::string host,
                                      std::chrono::seconds limit) override {
    transport().expires_after(limit);
    const auto [error, endpoint] = co_await transport().async_connect(endpoints, k_await);
    if (error) co_return error;
    error_code ignored;
    transport().socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    co_return co_await greet(m_stream, host);
  }

  asio::awaitable<ExchangeResult> exchange(ClientRequest request, std::chrono::seconds limit,
                                           std::size_t max_body) override {
    ExchangeResult result;
    const auto message = to_message(std::move(request));
    transport().expires_after(limit);
    const auto [write_error, written] =
        co_await beast::http::async_write(m_stream, message, k_await);
    // A server may answer and close before it has read everything: the answer counts.
    ResponseParser parser;
    parser.body_limit(max_body);
    auto [error, bytes] = co_await beast::http::async_read(m_stream, m_buffer, parser, k_await);
    if (ends_body(error, parser)) parser.put_eof(error = {});
    result.heard = parser.got_some();
    result.error = error ? (result.heard || !write_error ? error : write_error) : error;
    if (result.error) co_return result;
    result.status = static_cast<int>(parser.get().result_int());
    result.keep = !write_error && parser.keep_alive() && m_buffer.size() == 0;
    result.body = std::move(parser.get().body());
    transport().expires_never();
    co_return result;
  }

  bool is_quiet() override {
    char byte = 0;
    const auto size =
        ::recv(transport().socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  void close() override { transport().close(); }

 private:
  beast::tcp_stream& transport() { return beast::get_lowest_layer(m_stream); }

  Stream m_stream;
  beast::flat_buffer m_buffer;
};

}  // namespace

std::unique_ptr<ClientConnection> ClientConnection::create(const asio::any_io_executor& executor,
                                                           ssl_ctx_st* tls) {
  if (tls == nullptr) return std::make_unique<ConnectionOver<beast::tcp_stream>>(executor);
  // The stream's context takes over one reference.
  SSL_CTX_up_ref(tls);
  asio::ssl::context context(tls);
  return std::make_unique<ConnectionOver<TlsStream>>(beast::tcp_stream(executor), context);
}

}  // namespace pulse2::net
