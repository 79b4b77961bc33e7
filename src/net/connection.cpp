#include "net/connection.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <exception>

#include "http/basic_auth.hpp"
#include "log/log.hpp"
#include "net/chunked.hpp"
#include "net/sender.hpp"
#include "net/worker.hpp"

namespace pulse2::net {

namespace asio = boost::asio;
using base::ErrorKind;
using Clock = Channel::Clock;

namespace {

constexpr std::chrono::seconds k_linger_idle{2};
constexpr std::chrono::seconds k_linger_total{10};
constexpr std::chrono::seconds k_refusal_time{5};  // for the request of a client that gets 503
constexpr std::string_view k_retry_after = "5";    // seconds

/// Whether bytes of a body follow the head.
bool announces_body(const http::RequestHead& head) {
  return head.chunked || head.content_length.value_or(0) > 0;
}

std::vector<std::string_view> allowed_methods(const Handler& handler, const Rules& rules) {
  if (rules.allow.empty()) return handler.methods();
  return {rules.allow.begin(), rules.allow.end()};
}

http::Response closing(http::Response response) {
  response.close = true;
  return response;
}

http::Response too_late() {
  return closing(http::error_page(408, "The request did not arrive in time."));
}

http::Response no_room(Refusal refusal) {
  auto response = http::error_page(503, refusal == Refusal::client_full
                                            ? "There are too many connections from your address."
                                            : "There are too many connections at this moment.");
  response.headers.push_back({"Retry-After", std::string(k_retry_after)});
  return closing(std::move(response));
}

/// Seconds until `end`, rounded up.
std::chrono::seconds time_left(Clock::time_point end) {
  return std::chrono::ceil<std::chrono::seconds>(end - Clock::now());
}

}  // namespace

/// One request with all that belongs to it.
struct Connection::Exchange {
  explicit Exchange(std::shared_ptr<const Site> current)
      : site(std::move(current)), parser(site->limits().head_bytes) {}

  const std::shared_ptr<const Site> site;
  HeadParser parser;
  http::RequestHead head;
  std::shared_ptr<Handler> handler;
  Rules rules;
  http::Response response;
  std::string_view user;  ///< who has proved it
  bool unread = false;    ///< the client may still be sending what nobody reads
  bool vanished = false;  ///< the client went away: nothing to send
  Clock::time_point begin = Clock::now();
};

Connection::Connection(Worker& worker, asio::ip::tcp::socket socket, Peer peer, Place place,
                       Refusal refusal)
    : m_worker(worker),
      m_place(std::move(place)),
      m_channel(std::move(socket), worker.tls()),
      m_peer(std::move(peer)),
      m_refusal(refusal) {
  m_peer.tls = m_channel.is_tls();
}

asio::awaitable<void> Connection::run() {
  if (m_channel.is_tls()) {
    const bool greeted = co_await handshake();
    if (!greeted) co_return;
  }
  if (is_refused()) co_return co_await refuse();
  // GCC 12 miscompiles co_await within && and within loop conditions.
  bool goes_on = true;
  while (goes_on) {
    goes_on = co_await wait_for_request();
    if (goes_on) goes_on = co_await exchange();
  }
  m_channel.finish_sending();
}

asio::awaitable<bool> Connection::handshake() {
  become_idle();
  auto left = m_worker.site()->limits().handshake_time;
  if (is_refused()) left = std::min(left, k_refusal_time);
  const auto end = Clock::now() + left;
  while (true) {
    const auto result = m_channel.handshake();
    if (result.state == Io::moved) break;
    left = time_left(end);
    if (left.count() <= 0) co_return false;
    if (!(co_await m_channel.wait(result.state, left))) co_return false;
  }
  m_peer.certificate_subject = m_channel.certificate_subject();
  co_return true;
}

void Connection::become_idle() {
  m_idle_since = m_worker.tick();
  m_worker.set_idle(*this);
}

asio::awaitable<void> Connection::refuse() {
  Exchange exchange(m_worker.site());
  if (!(co_await read_head(exchange, k_refusal_time))) co_return;
  exchange.response = no_room(m_refusal);
  exchange.unread |= announces_body(exchange.head);
  (void)co_await send(exchange);
  if (exchange.unread) co_await linger();
  m_channel.finish_sending();
}

asio::awaitable<bool> Connection::wait_for_request() {
  become_idle();
  if (m_worker.draining()) co_return false;
  if (!m_input.empty()) co_return true;
  co_return co_await m_channel.wait(Io::want_read, m_worker.site()->limits().keep_alive_idle);
}

asio::awaitable<std::string_view> Connection::next_bytes(std::chrono::seconds idle) {
  const auto buffer = thread_buffer();
  if (!m_input.empty()) {
    const auto size = m_input.size();
    std::memcpy(buffer.data(), m_input.data(), size);
    m_input = {};
    co_return std::string_view(buffer.data(), size);
  }
  while (true) {
    const auto result = m_channel.read(buffer);
    if (result.state == Io::moved) co_return std::string_view(buffer.data(), result.bytes);
    if (!(co_await m_channel.wait(result.state, idle))) co_return std::string_view();
  }
}

asio::awaitable<bool> Connection::exchange() {
  Exchange exchange(m_worker.site());
  if (!(co_await read_head(exchange, exchange.site->limits().head_time))) co_return false;
  m_worker.set_busy(*this);
  if (!exchange.response.close && admit(exchange)) co_await respond(exchange);
  if (exchange.vanished) co_return false;
  const bool goes_on = co_await send(exchange);
  if (exchange.unread) co_await linger();
  co_return goes_on;
}

asio::awaitable<bool> Connection::read_head(Exchange& exchange, std::chrono::seconds time) {
  const auto end = exchange.begin + time;
  const auto idle = exchange.site->limits().read_idle;
  auto left = time;
  while (true) {
    const auto bytes = co_await next_bytes(std::min(idle, left));
    if (bytes.empty()) {
      if (!m_channel.timed_out() || !exchange.parser.begun()) co_return false;
      exchange.response = too_late();
      co_return true;
    }
    const auto progress = exchange.parser.feed(bytes);
    if (progress.state == HeadParser::State::need_more) {
      left = time_left(end);
      if (left.count() > 0) continue;
      exchange.response = too_late();
      exchange.unread = true;
      co_return true;
    }
    if (progress.state == HeadParser::State::complete) {
      m_input = bytes.substr(progress.consumed);
      exchange.head = exchange.parser.take_head();
      co_return true;
    }
    exchange.response = closing(
        http::error_page(exchange.parser.refusal_status(), exchange.parser.refusal_reason()));
    exchange.unread = true;
    co_return true;
  }
}

bool Connection::admit(Exchange& exchange) {
  const auto refuse = [&](http::Response response) {
    exchange.response = std::move(response);
    exchange.unread = announces_body(exchange.head);
    exchange.response.close = exchange.unread;
    return false;
  };
  if (const auto& error = exchange.parser.target_error()) return refuse(http::error_page(*error));
  exchange.handler = exchange.site->find(exchange.head.path);
  if (!exchange.handler) return refuse(http::error_page(404, "There is nothing at this address."));
  exchange.rules = exchange.handler->rules(exchange.head, m_peer);
  if (exchange.rules.authenticate && !exchange.site->authorized(exchange.head)) {
    return refuse(http::unauthorized(exchange.site->realm()));
  }
  if (exchange.rules.authenticate) exchange.user = exchange.site->username();
  const auto methods = allowed_methods(*exchange.handler, exchange.rules);
  if (std::find(methods.begin(), methods.end(), exchange.head.method) == methods.end()) {
    return refuse(http::method_not_allowed(methods));
  }
  return true;
}

asio::awaitable<void> Connection::respond(Exchange& exchange) {
  BodyStore store(exchange.rules, exchange.site->limits().body_in_memory);
  base::Expected<std::string_view> body{std::string_view{}};
  if (announces_body(exchange.head)) body = co_await read_body(exchange, store);
  if (!body) {
    exchange.vanished = body.error().kind == ErrorKind::cancelled;
    exchange.unread = !m_channel.timed_out();
    exchange.response = closing(http::error_page(body.error()));
    if (body.error().kind == ErrorKind::timed_out) exchange.response = too_late();
    co_return;
  }
  std::string failure;
  bool has_failed = false;
  try {
    exchange.response = co_await exchange.handler->respond({exchange.head, *body, m_peer});
  } catch (const std::exception& exception) {
    failure = exception.what();
    has_failed = true;
  }
  // Others are served between the parts.
  while (store.give_back_part())
    co_await asio::post(asio::use_awaitable);
  if (!has_failed) co_return;
  log::error("http.request.failed", "{} {}: {}", exchange.head.method, exchange.head.target,
             failure);
  exchange.response = closing(http::error_page(500, "The server failed; its log says why."));
}

asio::awaitable<bool> Connection::send_continue(const Exchange& exchange) {
  if (!exchange.head.expect_continue || !m_input.empty()) co_return true;
  const http::Response nothing;
  DownloadGate gate(m_worker.state(), m_place.client());
  const auto sent = co_await send_response(m_channel, gate, "HTTP/1.1 100 Continue\r\n\r\n",
                                           nothing, false, exchange.site->limits().write_idle);
  co_return sent.complete;
}

asio::awaitable<base::Expected<std::string_view>> Connection::read_body(Exchange& exchange,
                                                                        BodyStore& store) {
  using base::fail;
  auto left = exchange.head.content_length.value_or(0);
  if (auto ready = store.expect(left); !ready) co_return tl::unexpected(ready.error());
  if (!(co_await send_continue(exchange))) co_return fail(ErrorKind::cancelled, "connection lost");
  ChunkedDecoder chunks;
  const auto& limits = exchange.site->limits();
  const auto begin = Clock::now();
  std::uint64_t received = 0;
  while (exchange.head.chunked ? !chunks.done() : left > 0) {
    auto bytes = co_await next_bytes(limits.read_idle);
    if (bytes.empty()) {
      co_return m_channel.timed_out() ? fail(ErrorKind::timed_out, "the body stopped")
                                      : fail(ErrorKind::cancelled, "connection lost");
    }
    received += bytes.size();
    if (limits.is_too_slow(received, Clock::now() - begin)) {
      co_return fail(ErrorKind::timed_out, "the body is too slow");
    }
    std::string_view data = bytes;
    if (exchange.head.chunked) {
      const auto step = chunks.feed(bytes);
      if (!step) co_return tl::unexpected(step.error());
      data = step->data;
      bytes.remove_prefix(step->consumed);
    } else {
      data = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
      left -= data.size();
      bytes.remove_prefix(data.size());
    }
    if (auto stored = store.append(data); !stored) co_return tl::unexpected(stored.error());
    m_input = bytes;
  }
  co_return store.finish();
}

asio::awaitable<bool> Connection::send(Exchange& exchange) {
  const auto& head = exchange.head;
  auto& response = exchange.response;
  const bool keep_alive = head.keep_alive && !response.close && !m_worker.draining();
  const auto text = http::render_head(response, head.version, keep_alive, m_worker.date());
  DownloadGate gate(m_worker.state(), m_place.client());
  const auto sent = co_await send_response(m_channel, gate, text, response, head.method != "HEAD",
                                           exchange.site->limits().write_idle);
  exchange.site->log_access({m_peer, head.method, head.target, head.version, response.status,
                             sent.bytes, sent.complete, Clock::now() - exchange.begin,
                             head.header("User-Agent"), head.header("Referer"), exchange.user});
  if (!sent.complete) exchange.unread = false;
  co_return sent.complete&& keep_alive;
}

asio::awaitable<void> Connection::linger() {
  become_idle();
  m_channel.finish_sending();
  const auto end = Clock::now() + k_linger_total;
  while (Clock::now() < end) {
    if ((co_await next_bytes(k_linger_idle)).empty()) co_return;
  }
}

}  // namespace pulse2::net
