#include "net/http_client.hpp"

#include <openssl/ssl.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/error.hpp>
#include <deque>
#include <new>
#include <set>
#include <string_view>
#include <utility>

#include "base/base64.hpp"
#include "net/client_connection.hpp"
#include "net/pem.hpp"

namespace pulse2::net {

using base::ErrorKind;
using base::Expected;
namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr auto k_no_throw = asio::as_tuple(asio::use_awaitable);

/// What a client needs for TLS: null for plain HTTP.
Expected<ContextPtr> make_client_context(const HttpClientOptions& options) {
  if (!options.tls) return ContextPtr{};
  ContextPtr context(SSL_CTX_new(TLS_client_method()));
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF);
  if (!options.verify_peer) {
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
    return context;
  }
  auto authority = read_pem(options.authority);
  if (!authority) return tl::unexpected(std::move(authority).error());
  PULSE2_TRY(trust(context.get(), *authority));
  auto identity = read_pem(options.identity);
  if (!identity) return tl::unexpected(std::move(identity).error());
  if (identity->certificates.empty() || !identity->key) {
    return bad_pem(options.identity, "a certificate and its private key must be in it");
  }
  PULSE2_TRY(use_identity(context.get(), *identity, *identity));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  return context;
}

bool is_tls_error(const boost::system::error_code& error) {
  return error.category() == asio::error::get_ssl_category();
}

base::Error connect_error(const boost::system::error_code& error, const std::string& peer) {
  if (is_tls_error(error)) {
    return {ErrorKind::permission_denied, peer + ": no encrypted connection", error.message()};
  }
  if (error == beast::error::timeout) {
    return {ErrorKind::unavailable, peer + " does not answer", "connecting took too long"};
  }
  return {ErrorKind::unavailable, peer + " can't be reached", error.message()};
}

base::Error exchange_error(const boost::system::error_code& error, const std::string& peer) {
  if (error == beast::error::timeout) {
    return {ErrorKind::timed_out, peer + " does not answer in time", {}};
  }
  if (error == beast::http::error::body_limit) {
    return {ErrorKind::limit_exceeded, peer + " sends too long an answer", {}};
  }
  // Refused client certificates show only now (TLS 1.3).
  if (is_tls_error(error)) {
    return {ErrorKind::permission_denied, peer + ": the encrypted connection broke",
            error.message()};
  }
  const bool ended =
      error == beast::http::error::end_of_stream || error == beast::http::error::partial_message;
  if (!ended && error.category() == make_error_code(beast::http::error::bad_version).category()) {
    return {ErrorKind::malformed, peer + " answers no HTTP", error.message()};
  }
  return {ErrorKind::io, peer + " broke the connection off", error.message()};
}

}  // namespace

class HttpClient::Implementation : public std::enable_shared_from_this<Implementation> {
 public:
  Implementation(asio::any_io_executor executor, HttpClientOptions options, ContextPtr tls)
      : m_executor(std::move(executor)),
        m_options(std::move(options)),
        m_tls(std::move(tls)),
        m_peer(m_options.host + ":" + std::to_string(m_options.port)),
        m_resolver(m_executor),
        m_purge(m_executor) {
    if (m_options.username.empty()) return;
    const std::string pair = m_options.username + ":" + m_options.password;
    m_authorization = "Basic " + base::base64_encode(pair);
  }

  asio::awaitable<Expected<ClientResponse>> post(std::string target, http::Fields fields,
                                                 std::string body) {
    const auto self = shared_from_this();
    Slot slot(*this);
    const bool granted = co_await slot.take();
    if (m_cancelled) co_return tl::unexpected(cancelled());
    if (!granted) {
      co_return base::fail(ErrorKind::unavailable, m_peer + " has too many requests to answer");
    }
    const ClientRequest request = to_request(std::move(target), std::move(fields), std::move(body));
    if (auto used = take_idle()) {
      auto result = co_await try_with(std::move(used), request);
      // The server closed it before it could see the request.
      if (!result.error || result.heard || m_cancelled) co_return to_response(std::move(result));
    }
    auto connection = co_await open();
    if (!connection) co_return tl::unexpected(std::move(connection).error());
    auto result = co_await try_with(std::move(*connection), request);
    co_return to_response(std::move(result));
  }

  void cancel() {
    m_cancelled = true;
    m_resolver.cancel();
    m_purge.cancel();
    m_idle.clear();
    for (auto* connection : m_active)
      connection->close();
    for (auto* waiting : m_waiting)
      waiting->timer.cancel();
  }

 private:
  using Connection = std::unique_ptr<ClientConnection>;

  /// A request that waits for its turn.
  struct Waiting {
    explicit Waiting(Implementation& owner)
        : client(owner), timer(owner.m_executor, owner.m_options.answer_timeout) {
      client.m_waiting.push_back(this);
    }
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting() { std::erase(client.m_waiting, this); }

    Implementation& client;
    asio::steady_timer timer;
    bool granted = false;
  };

  /// One of the requests that may be under way; handed on at the end of its life.
  class Slot {
   public:
    explicit Slot(Implementation& client) : m_client(client) {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    ~Slot() {
      if (m_held) m_client.hand_on();
    }
    /// False when there was none in time.
    asio::awaitable<bool> take() {
      m_held = co_await m_client.take_turn();
      co_return m_held;
    }

   private:
    Implementation& m_client;
    bool m_held = false;
  };

  asio::awaitable<bool> take_turn() {
    if (m_under_way < m_options.max_connections) {
      ++m_under_way;
      co_return true;
    }
    Waiting waiting(*this);
    co_await waiting.timer.async_wait(k_no_throw);
    co_return waiting.granted;
  }

  void hand_on() {
    if (m_waiting.empty()) {
      --m_under_way;
      return;
    }
    Waiting& next = *m_waiting.front();
    m_waiting.pop_front();
    next.granted = true;
    next.timer.cancel();
  }

  struct Idle {
    Connection connection;
    std::chrono::steady_clock::time_point since;
  };

  base::Error cancelled() const {
    return {ErrorKind::cancelled, "the request to " + m_peer + " was given up", {}};
  }

  ClientRequest to_request(std::string target, http::Fields fields, std::string body) const {
    ClientRequest request{"POST", std::move(target), std::move(fields), m_options.host,
                          std::move(body)};
    request.fields.push_back({"User-Agent", m_options.user_agent});
    if (!m_authorization.empty()) request.fields.push_back({"Authorization", m_authorization});
    return request;
  }

  Expected<ClientResponse> to_response(ExchangeResult result) const {
    if (m_cancelled) return tl::unexpected(cancelled());
    if (result.error) return tl::unexpected(exchange_error(result.error, m_peer));
    return ClientResponse{result.status, std::move(result.body)};
  }

  /// A connection that still stands, the one used last; null when there is none.
  Connection take_idle() {
    while (!m_idle.empty()) {
      Idle idle = std::move(m_idle.back());
      m_idle.pop_back();
      if (idle.connection->is_quiet()) return std::move(idle.connection);
    }
    return nullptr;
  }

  asio::awaitable<ExchangeResult> try_with(Connection connection, ClientRequest request) {
    const Active active(*this, connection.get());
    auto result = co_await connection->exchange(std::move(request), m_options.answer_timeout,
                                                m_options.max_answer);
    if (result.keep && !m_cancelled) keep(std::move(connection));
    co_return result;
  }

  asio::awaitable<Expected<Connection>> open() {
    auto endpoints = co_await resolve();
    if (!endpoints) co_return tl::unexpected(std::move(endpoints).error());
    auto connection = ClientConnection::create(m_executor, m_tls.get());
    const Active active(*this, connection.get());
    const auto error = co_await connection->connect(*std::move(endpoints), m_options.host,
                                                    m_options.connect_timeout);
    if (m_cancelled) co_return tl::unexpected(cancelled());
    if (error) co_return tl::unexpected(connect_error(error, m_peer));
    co_return connection;
  }

  asio::awaitable<Expected<ClientConnection::Endpoints>> resolve() {
    boost::system::error_code is_name;
    const auto address = asio::ip::make_address(m_options.host, is_name);
    if (!is_name) co_return ClientConnection::Endpoints{{address, m_options.port}};
    const auto [error, found] = co_await m_resolver.async_resolve(
        m_options.host, std::to_string(m_options.port), k_no_throw);
    if (m_cancelled) co_return tl::unexpected(cancelled());
    if (error) co_return tl::unexpected(connect_error(error, m_peer));
    ClientConnection::Endpoints endpoints;
    for (const auto& each : found)
      endpoints.push_back(each.endpoint());
    co_return endpoints;
  }

  void keep(Connection connection) {
    m_idle.push_back({std::move(connection), std::chrono::steady_clock::now()});
    if (m_idle.size() == 1) purge_later();
  }

  /// Closes what has been idle too long, as long as anything is idle.
  void purge_later() {
    m_purge.expires_at(m_idle.front().since + m_options.keep_idle);
    m_purge.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (error || !self) return;
      const auto oldest = std::chrono::steady_clock::now() - self->m_options.keep_idle;
      while (!self->m_idle.empty() && self->m_idle.front().since <= oldest)
        self->m_idle.pop_front();
      if (!self->m_idle.empty()) self->purge_later();
    });
  }

  /// Lets cancel() find a connection while it is used.
  class Active {
   public:
    Active(Implementation& client, ClientConnection* connection)
        : m_client(client), m_connection(connection) {
      m_client.m_active.insert(connection);
    }
    Active(const Active&) = delete;
    Active& operator=(const Active&) = delete;
    ~Active() { m_client.m_active.erase(m_connection); }

   private:
    Implementation& m_client;
    ClientConnection* m_connection;
  };

  asio::any_io_executor m_executor;
  HttpClientOptions m_options;
  ContextPtr m_tls;
  std::string m_peer;
  std::string m_authorization;
  asio::ip::tcp::resolver m_resolver;
  asio::steady_timer m_purge;
  std::deque<Idle> m_idle;  ///< longest idle first
  std::set<ClientConnection*> m_active;
  std::deque<Waiting*> m_waiting;  ///< in their order
  std::size_t m_under_way = 0;
  bool m_cancelled = false;
};

Expected<std::unique_ptr<HttpClient>> HttpClient::create(asio::any_io_executor executor,
                                                         HttpClientOptions options) {
  auto tls = make_client_context(options);
  if (!tls) return tl::unexpected(std::move(tls).error());
  auto implementation =
      std::make_shared<Implementation>(std::move(executor), std::move(options), *std::move(tls));
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(implementation)));
}

HttpClient::HttpClient(std::shared_ptr<Implementation> implementation)
    : m_implementation(std::move(implementation)) {}

HttpClient::~HttpClient() = default;

asio::awaitable<Expected<ClientResponse>> HttpClient::post(std::string target, http::Fields fields,
                                                           std::string body) {
  return m_implementation->post(std::move(target), std::move(fields), std::move(body));
}

void HttpClient::cancel() {
  m_implementation->cancel();
}

}  // namespace pulse2::net
