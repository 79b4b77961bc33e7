// The coroutines of a connection: what it does when something has to be waited for.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>

#include "net/body_intake.hpp"
#include "net/connection.hpp"
#include "net/download_gate.hpp"
#include "net/exchange.hpp"
#include "net/open_file_cache.hpp"
#include "net/worker.hpp"

namespace pulse2::net {

namespace asio = boost::asio;
using base::ErrorKind;
using Clock = Channel::Clock;
using Stage = Exchange::Stage;

namespace {

/// Bytes received before others get their turn: a fast client would keep the thread to its end.
constexpr std::uint64_t k_receiving_turn = 64 << 10;
constexpr std::chrono::seconds k_linger_idle{2};
constexpr std::chrono::seconds k_linger_total{10};
constexpr std::chrono::seconds k_refusal_time{5};  // for the request of a client that gets 503
constexpr std::string_view k_retry_after = "5";    // seconds

http::Response too_late() {
  return http::error_page(408, "The request did not arrive in time.");
}

http::Response no_room(Refusal refusal) {
  auto response = http::error_page(503, refusal == Refusal::client_full
                                            ? "There are too many connections from your address."
                                            : "There are too many connections at this moment.");
  response.headers.push_back({"Retry-After", std::string(k_retry_after)});
  return response;
}

/// Seconds until `end`, rounded up.
std::chrono::seconds time_left(Clock::time_point end) {
  return std::chrono::ceil<std::chrono::seconds>(end - Clock::now());
}

}  // namespace

// GCC 12 miscompiles co_await within && and within loop conditions.
asio::awaitable<bool> Connection::run(Step step) {
  if (step == Step::greet) {
    const bool greeted = co_await handshake();
    if (!greeted) co_return false;
    if (is_refused()) {
      co_await refuse();
      co_return false;
    }
    OpenFileCache::of_this_thread().begin_round();
    step = serve_at_once();
  }
  while (step == Step::wait || step == Step::yield) {
    if (step == Step::wait) {
      const bool goes_on = co_await exchange();
      m_exchange.reset();
      if (!goes_on) {
        m_channel.say_goodbye();
        co_return false;
      }
    } else {
      co_await asio::post(asio::use_awaitable);
    }
    OpenFileCache::of_this_thread().begin_round();
    step = serve_at_once();
  }
  if (step == Step::end) m_channel.say_goodbye();
  co_return step == Step::rest;
}

asio::awaitable<bool> Connection::handshake() {
  if (!m_channel.is_tls()) co_return true;
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
  become_idle();
  co_return true;
}

asio::awaitable<void> Connection::refuse() {
  m_exchange = std::make_unique<Exchange>(m_worker.site());
  if (!(co_await read_head(k_refusal_time))) co_return;
  auto& exchange = *m_exchange;
  exchange.set_last_response(no_room(m_refusal));
  exchange.unread |= exchange.announces_body();
  begin_answer();
  (void)co_await send();
  if (exchange.unread) co_await linger();
  m_channel.say_goodbye();
}

asio::awaitable<bool> Connection::exchange() {
  auto& exchange = *m_exchange;
  if (exchange.stage == Stage::head) {
    if (!(co_await read_head(exchange.site->limits().head_time))) co_return false;
    m_worker.set_busy(*this);
    if (exchange.stage == Stage::answer) admit();
  }
  if (exchange.stage == Stage::answer) co_await respond();
  if (exchange.vanished) co_return false;
  if (!exchange.outgoing) begin_answer();
  const bool goes_on = co_await send();
  if (exchange.unread) co_await linger();
  co_return goes_on;
}

asio::awaitable<std::string_view> Connection::next_bytes(std::chrono::seconds idle) {
  auto& turn = m_exchange->received_in_turn;
  if (turn >= k_receiving_turn) {
    turn = 0;
    co_await asio::post(asio::use_awaitable);
  }
  while (true) {
    std::string_view bytes;
    const auto result = bytes_at_hand(bytes);
    turn += bytes.size();
    if (result.state == Io::moved) co_return bytes;
    turn = 0;
    if (!(co_await m_channel.wait(result.state, idle))) co_return std::string_view();
  }
}

asio::awaitable<bool> Connection::read_head(std::chrono::seconds time) {
  auto& exchange = *m_exchange;
  const auto end = exchange.begin + time;
  const auto idle = exchange.site->limits().read_idle;
  auto left = time;
  while (true) {
    auto bytes = co_await next_bytes(std::min(idle, left));
    if (bytes.empty()) {
      if (!m_channel.timed_out() || !exchange.parser.begun()) co_return false;
      exchange.set_last_response(too_late());
      co_return true;
    }
    if (take_head(bytes)) {
      m_input = bytes;
      co_return true;
    }
    left = time_left(end);
    if (left.count() > 0) continue;
    exchange.set_last_response(too_late());
    exchange.unread = true;
    co_return true;
  }
}

asio::awaitable<void> Connection::respond() {
  auto& exchange = *m_exchange;
  BodyStore store(*exchange.rules, exchange.site->limits().body_in_memory);
  base::Expected<std::string_view> body{std::string_view{}};
  if (exchange.announces_body()) body = co_await read_body(store);
  if (!body) {
    exchange.vanished = body.error().kind == ErrorKind::cancelled;
    exchange.unread = !m_channel.timed_out();
    const bool is_late = body.error().kind == ErrorKind::timed_out;
    exchange.set_last_response(is_late ? too_late() : http::error_page(body.error()));
    co_return;
  }
  try {
    exchange.set_response(co_await exchange.handler->respond({exchange.head, *body, m_peer}));
  } catch (const std::exception& exception) {
    fail(exception.what());
  }
  // Others are served between the parts.
  while (store.give_back_part())
    co_await asio::post(asio::use_awaitable);
}

asio::awaitable<bool> Connection::send_continue() {
  const auto& exchange = *m_exchange;
  if (!exchange.head.expect_continue || !m_input.empty()) co_return true;
  Outgoing outgoing("HTTP/1.1 100 Continue\r\n\r\n");
  co_return co_await send_rest(outgoing);
}

asio::awaitable<base::Expected<std::string_view>> Connection::read_body(BodyStore& store) {
  using base::fail;
  const auto& head = m_exchange->head;
  if (auto ready = store.expect(head.content_length.value_or(0)); !ready) {
    co_return tl::unexpected(ready.error());
  }
  if (!(co_await send_continue())) co_return fail(ErrorKind::cancelled, "connection lost");
  BodyIntake intake(head, store);
  const auto& limits = m_exchange->site->limits();
  const auto begin = Clock::now();
  std::uint64_t received = 0;
  while (!intake.is_complete()) {
    auto bytes = co_await next_bytes(limits.read_idle);
    if (bytes.empty()) {
      co_return m_channel.timed_out() ? fail(ErrorKind::timed_out, "the body stopped")
                                      : fail(ErrorKind::cancelled, "connection lost");
    }
    received += bytes.size();
    if (limits.is_too_slow(received, Clock::now() - begin)) {
      co_return fail(ErrorKind::timed_out, "the body is too slow");
    }
    if (auto taken = intake.take(bytes); !taken) co_return tl::unexpected(taken.error());
    m_input = bytes;
  }
  co_return store.finish();
}

asio::awaitable<bool> Connection::send() {
  const bool complete = co_await send_rest(*m_exchange->outgoing);
  co_return end_exchange(complete);
}

asio::awaitable<bool> Connection::send_rest(Outgoing& outgoing) {
  const auto idle = m_worker.site()->limits().write_idle;
  DownloadGate gate(m_worker.state(), m_place.client());
  auto& turn = m_exchange->sent_in_turn;
  while (!outgoing.is_complete()) {
    if (turn >= turn_of(m_channel)) {
      turn = 0;
      co_await asio::post(asio::use_awaitable);
    }
    auto most = std::min(k_file_step, outgoing.file_bytes_next());
    const bool limited = most > 0 && gate.is_limited();
    if (limited) {
      most = co_await gate.allow(m_channel, most);
      if (most == 0) co_return false;
    }
    const auto result = outgoing.send_some(m_channel, most);
    if (limited) gate.spend(result.bytes);
    turn += result.bytes;
    if (result.state == Io::closed) co_return false;
    if (result.state == Io::moved) continue;
    turn = 0;
    if (!(co_await m_channel.wait(result.state, idle))) co_return false;
  }
  while (true) {
    const auto result = m_channel.flush();
    if (result.state == Io::moved) co_return true;
    if (!(co_await m_channel.wait(result.state, idle))) co_return false;
  }
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
