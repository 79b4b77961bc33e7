#include "pxe_service/streams.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <map>
#include <sstream>
#include <utility>

#include "log/log.hpp"
#include "os/udp.hpp"
#include "pxe_service/client_name.hpp"
#include "pxe_service/spawn.hpp"

namespace pulse2::pxe_service {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto k_no_throw = asio::as_tuple(asio::use_awaitable);
/// As much as fits into a datagram.
constexpr std::size_t k_longest_request = os::k_max_datagram;
constexpr std::size_t k_read_size = 2048;
constexpr std::chrono::milliseconds k_sweep_interval{250};
constexpr std::chrono::milliseconds k_accept_pause{100};

std::string text_of(const tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

}  // namespace

Streams::Streams(asio::any_io_executor executor, std::vector<os::UniqueFd> listeners,
                 Responder& responder, Options options)
    : m_executor(std::move(executor)),
      m_responder(responder),
      m_options(options),
      m_sweep_timer(m_executor),
      m_accept_pause(m_executor) {
  for (os::UniqueFd& each : listeners) {
    const tcp protocol =
        os::local_endpoint(each.get()).protocol() == asio::ip::udp::v4() ? tcp::v4() : tcp::v6();
    m_acceptors.emplace_back(m_executor, protocol, each.release());
  }
}

void Streams::start() {
  for (Acceptor& acceptor : m_acceptors) {
    log::info("pxe.listening", "PXE clients on TCP {}", text_of(acceptor.local_endpoint()));
    spawn(m_executor, accept(acceptor));
  }
}

void Streams::stop() {
  m_stopped = true;
  m_sweep_timer.cancel();
  m_accept_pause.cancel();
  for (Acceptor& acceptor : m_acceptors)
    acceptor.close();
  for (const ConnectionPointer& connection : m_connections)
    connection->socket.close();
}

Awaitable<void> Streams::accept(Acceptor& acceptor) {
  while (!m_stopped) {
    auto [error, socket] = co_await acceptor.async_accept(k_no_throw);
    if (m_stopped) co_return;
    if (!error) {
      admit(std::move(socket));
    } else if (error != asio::error::connection_aborted) {
      // No descriptor is free: connections that wait stay in the kernel's queue.
      log::warning("pxe.accept.failed", "a TCP connection could not be taken: {}", error.message());
      m_accept_pause.expires_after(k_accept_pause);
      co_await m_accept_pause.async_wait(k_no_throw);
    }
  }
}

void Streams::admit(Socket socket) {
  boost::system::error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;
  if (m_connections.size() >= m_options.most && !make_room()) return;
  socket.set_option(tcp::no_delay(true), error);
  auto connection = std::make_shared<Connection>(std::move(socket), client_name(peer.address()));
  m_connections.push_back(connection);
  spawn(m_executor, serve(connection));
  if (!std::exchange(m_sweeping, true)) spawn(m_executor, sweep());
}

bool Streams::make_room() {
  std::map<std::string, std::size_t> counts;
  for (const ConnectionPointer& each : m_connections)
    if (each->socket.is_open()) ++counts[each->client];
  ConnectionPointer victim;
  for (const ConnectionPointer& each : m_connections) {
    if (each->is_answering || !each->socket.is_open()) continue;
    const auto ours = counts[each->client];
    const auto best = victim ? counts[victim->client] : 0;
    if (ours > best || (ours == best && victim && each->since < victim->since)) victim = each;
  }
  if (!victim) return false;
  victim->socket.close();
  return true;
}

Awaitable<void> Streams::serve(ConnectionPointer connection) {
  for (;;) {
    const auto head = pxe::first_request(connection->bytes);
    if (head.state == pxe::StreamHead::State::foreign) break;
    bool goes_on = false;
    if (head.state == pxe::StreamHead::State::complete) {
      goes_on = co_await answer(*connection, head.size);
    } else {
      goes_on = co_await receive(*connection);
    }
    if (!goes_on) break;
  }
  boost::system::error_code ignored;
  connection->socket.close(ignored);
  m_connections.remove(connection);
}

Awaitable<bool> Streams::answer(Connection& connection, std::size_t size) {
  auto call = pxe::parse_packet(std::string_view(connection.bytes).substr(0, size));
  connection.bytes.erase(0, size);
  if (!call) {
    log::debug("pxe.packet.dropped", "{} (TCP): {} bytes: {}", connection.client, size,
               call.error().message);
    co_return true;
  }
  connection.is_answering = true;
  // With a name: GCC 12 destroys temporaries of this kind twice in a coroutine.
  Origin origin{connection.client, {}};
  const Answer text = co_await m_responder.answer(*std::move(call), std::move(origin));
  connection.is_answering = false;
  connection.since = std::chrono::steady_clock::now();
  if (!connection.socket.is_open()) co_return false;
  if (!text) co_return true;
  const std::string bytes = pxe::encode_answer(*text);
  if (!pxe::may_answer(bytes.size(), size)) {
    log::debug("pxe.answer.too_long", "{} (TCP): {} bytes would answer a packet of {}",
               connection.client, bytes.size(), size);
    co_return true;
  }
  const auto [error, sent] =
      co_await asio::async_write(connection.socket, asio::buffer(bytes), k_no_throw);
  co_return !error && sent == bytes.size();
}

Awaitable<bool> Streams::receive(Connection& connection) {
  if (connection.bytes.size() >= k_longest_request) co_return false;
  std::array<char, k_read_size> buffer;
  const auto [error, size] =
      co_await connection.socket.async_read_some(asio::buffer(buffer), k_no_throw);
  if (error || !connection.socket.is_open()) co_return false;
  connection.bytes.append(buffer.data(), size);
  co_return true;
}

Awaitable<void> Streams::sweep() {
  while (!m_connections.empty() && !m_stopped) {
    m_sweep_timer.expires_after(k_sweep_interval);
    co_await m_sweep_timer.async_wait(k_no_throw);
    const auto oldest = std::chrono::steady_clock::now() - m_options.idle_timeout;
    for (const ConnectionPointer& each : m_connections) {
      if (each->is_answering || each->since > oldest || !each->socket.is_open()) continue;
      log::debug("pxe.connection.idle", "{}: a TCP connection is closed, nothing came",
                 each->client);
      each->socket.close();
    }
  }
  m_sweeping = false;
}

}  // namespace pulse2::pxe_service
