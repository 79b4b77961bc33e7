#include "net/connection.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "http/basic_auth.hpp"
#include "log/log.hpp"
#include "net/download_gate.hpp"
#include "net/exchange.hpp"
#include "net/open_file_cache.hpp"
#include "net/worker.hpp"

namespace pulse2::net {

using Clock = Channel::Clock;
using Stage = Exchange::Stage;

namespace {

constexpr int k_requests_in_a_row = 16;  // of a client that sends them without waiting

/// How many bytes of what was read are the whole body; nullopt when it has to be waited for, or
/// refused.
std::optional<std::size_t> body_at_hand(const Exchange& exchange, std::string_view bytes) {
  if (!exchange.announces_body()) return 0;
  const auto length = exchange.head.content_length;
  if (!length || exchange.head.expect_continue || *length > exchange.rules->max_body ||
      *length > bytes.size()) {
    return std::nullopt;
  }
  return static_cast<std::size_t>(*length);
}

}  // namespace

Connection::Connection(Worker& worker, Share share, os::UniqueFd socket, Peer peer, Place place,
                       Refusal refusal)
    : m_worker(worker),
      m_share(std::move(share)),
      m_place(std::move(place)),
      m_channel(worker.io(), std::move(socket), worker.tls()),
      m_peer(std::move(peer)),
      m_refusal(refusal) {
  m_peer.tls = m_channel.is_tls();
  const auto added = m_worker.poller().add(m_channel.socket(), *this);
  if (!added) throw std::runtime_error(added.error().for_operator());
}

Connection::~Connection() {
  m_worker.poller().remove(m_channel.socket(), *this);
}

Connection::Step Connection::first_step() const noexcept {
  return m_channel.is_tls() || is_refused() ? Step::greet : Step::rest;
}

void Connection::become_idle() {
  m_idle_since = m_worker.tick();
  m_worker.set_idle(*this);
}

void Connection::on_ready(os::Poller::Readiness readiness) {
  if (m_channel.on_ready(readiness) || m_running || !readiness.can_read) return;
  Step step = Step::end;
  try {
    step = serve_at_once();
  } catch (const std::exception& exception) {
    log::error("http.connection.failed", "{}", exception.what());
  }
  m_worker.go_on(*this, step);
}

Connection::Step Connection::serve_at_once() {
  for (int i = 0; i < k_requests_in_a_row; ++i) {
    if (const auto step = exchange_at_once()) return *step;
    if (m_input.empty() && !m_channel.may_read()) return Step::rest;
    // What the client sent after the first request may be newer than what was looked at for it.
    OpenFileCache::of_this_thread().begin_round();
  }
  return Step::yield;
}

std::optional<Connection::Step> Connection::exchange_at_once() {
  if (m_worker.draining()) return Step::end;
  std::string_view bytes;
  const auto result = bytes_at_hand(bytes);
  if (result.state == Io::closed) return Step::end;
  if (result.state == Io::want_read) return Step::rest;
  m_exchange = std::make_unique<Exchange>(m_worker.site());
  auto& exchange = *m_exchange;
  if (!take_head(bytes)) return Step::wait;
  m_worker.set_busy(*this);
  if (exchange.stage == Stage::answer) admit();
  const bool is_answered = exchange.stage == Stage::send || answer_at_once(bytes);
  // What is sent next may use the buffer where they lie.
  m_input = bytes;
  if (!is_answered) return Step::wait;
  begin_answer();
  const bool alive = send_at_once();
  const bool is_sent =
      exchange.outgoing->is_complete() && m_channel.flush().state == Io::moved && !exchange.unread;
  if (alive && !is_sent) return Step::wait;
  const bool goes_on = end_exchange(alive);
  m_exchange.reset();
  if (!goes_on) return Step::end;
  return std::nullopt;
}

IoResult Connection::bytes_at_hand(std::string_view& bytes) {
  const auto buffer = thread_buffer();
  IoResult result{Io::moved, m_input.size()};
  if (m_input.empty()) {
    result = m_channel.read(buffer);
  } else {
    std::memcpy(buffer.data(), m_input.data(), m_input.size());
    m_input = {};
  }
  bytes = {buffer.data(), result.bytes};
  return result;
}

bool Connection::take_head(std::string_view& bytes) {
  auto& exchange = *m_exchange;
  if (bytes.empty()) return false;
  const auto progress = exchange.parser.feed(bytes);
  bytes.remove_prefix(std::min(progress.consumed, bytes.size()));
  if (progress.state == HeadParser::State::need_more) return false;
  if (progress.state == HeadParser::State::complete) {
    exchange.stage = Stage::answer;
    return true;
  }
  exchange.set_last_response(
      http::error_page(exchange.parser.refusal_status(), exchange.parser.refusal_reason()));
  exchange.unread = true;
  bytes = {};
  return true;
}

void Connection::admit() {
  auto& exchange = *m_exchange;
  const auto refuse = [&](http::Response response) {
    exchange.set_response(std::move(response));
    exchange.unread = exchange.announces_body();
    exchange.response.close = exchange.unread;
  };
  if (const auto& error = exchange.parser.target_error()) return refuse(http::error_page(*error));
  exchange.handler = exchange.site->find(exchange.head.path);
  if (exchange.handler == nullptr) {
    return refuse(http::error_page(404, "There is nothing at this address."));
  }
  exchange.rules = &exchange.handler->rules(exchange.head, m_peer);
  if (exchange.rules->authenticate && !exchange.site->authorized(exchange.head)) {
    return refuse(http::unauthorized(exchange.site->realm()));
  }
  if (exchange.rules->authenticate) exchange.user = exchange.site->username();
  const auto& methods = exchange.rules->methods;
  if (std::find(methods.begin(), methods.end(), exchange.head.method) == methods.end()) {
    refuse(http::method_not_allowed(methods));
  }
}

bool Connection::answer_at_once(std::string_view& bytes) {
  auto& exchange = *m_exchange;
  const auto body = body_at_hand(exchange, bytes);
  if (!body) return false;
  try {
    auto response =
        exchange.handler->respond_at_once({exchange.head, bytes.substr(0, *body), m_peer});
    if (!response) return false;
    exchange.set_response(std::move(*response));
  } catch (const std::exception& exception) {
    fail(exception.what());
  }
  bytes.remove_prefix(*body);
  return true;
}

void Connection::fail(std::string_view what) {
  auto& exchange = *m_exchange;
  log::error("http.request.failed", "{} {}: {}", exchange.head.method, exchange.head.target, what);
  exchange.set_last_response(http::error_page(500, "The server failed; its log says why."));
}

void Connection::begin_answer() {
  auto& exchange = *m_exchange;
  const auto& response = exchange.response;
  exchange.keep_alive = exchange.head.keep_alive && !response.close && !m_worker.draining();
  if (!exchange.keep_alive) m_channel.expect_end();
  const DownloadGate gate(m_worker.state(), m_place.client());
  exchange.outgoing.emplace(
      response, Outgoing::Manner{exchange.head.version, exchange.keep_alive, m_worker.date(),
                                 exchange.head.method != "HEAD", gate.is_limited()});
}

bool Connection::send_at_once() {
  auto& outgoing = *m_exchange->outgoing;
  const DownloadGate gate(m_worker.state(), m_place.client());
  const auto turn = turn_of(m_channel);
  auto& sent = m_exchange->sent_in_turn;
  while (!outgoing.is_complete() && sent < turn) {
    if (outgoing.file_bytes_next() > 0 && gate.is_limited()) return true;
    const auto result = outgoing.send_some(m_channel, k_file_step);
    if (result.state == Io::closed) return false;
    if (result.state != Io::moved) return true;
    sent += result.bytes;
  }
  return true;
}

bool Connection::end_exchange(bool complete) {
  auto& exchange = *m_exchange;
  const auto& head = exchange.head;
  if (exchange.site->has_access_log()) {
    exchange.site->log_access({m_peer, head.method, head.target, head.version,
                               exchange.response.status, exchange.outgoing->body_bytes(), complete,
                               Clock::now() - exchange.begin, head.header("User-Agent"),
                               head.header("Referer"), exchange.user});
  }
  if (!complete) exchange.unread = false;
  return complete && exchange.keep_alive;
}

}  // namespace pulse2::net
