#include "pxe_service/datagrams.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <sstream>
#include <string_view>
#include <utility>

#include "log/log.hpp"
#include "pxe_service/client_name.hpp"
#include "pxe_service/spawn.hpp"

namespace pulse2::pxe_service {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr std::size_t k_most_bytes = 64UL * 1024 * 1024;  // of packets whose calls are under way
constexpr int k_packets_in_a_row = 64;                    // before other work gets its turn
constexpr std::chrono::seconds k_busy_interval{60};

std::string text_of(const os::UdpEndpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

udp protocol_of(const os::UniqueFd& socket) {
  return os::local_endpoint(socket.get()).protocol();
}

/// Calls that change something: when a client repeats one that is under way, it gets one answer.
bool is_done_once(const pxe::CallBody& body) {
  return std::holds_alternative<pxe::RegisterComputer>(body) ||
         std::holds_alternative<pxe::SendInventory>(body) ||
         std::holds_alternative<pxe::CreateImage>(body) ||
         std::holds_alternative<pxe::ImageDone>(body);
}

}  // namespace

Datagrams::Datagrams(asio::any_io_executor executor, std::vector<os::UniqueFd> sockets,
                     Responder& responder, std::size_t most_calls)
    : m_executor(std::move(executor)), m_responder(responder), m_room({most_calls, k_most_bytes}) {
  for (os::UniqueFd& each : sockets) {
    const udp protocol = protocol_of(each);
    m_sockets.emplace_back(m_executor, protocol, each.release());
  }
}

void Datagrams::start() {
  for (Socket& socket : m_sockets) {
    log::info("pxe.listening", "PXE clients on UDP {}", text_of(socket.local_endpoint()));
    spawn(m_executor, listen(socket));
  }
}

void Datagrams::stop() {
  for (Socket& socket : m_sockets)
    socket.close();
}

Awaitable<void> Datagrams::listen(Socket& socket) {
  std::vector<char> buffer(os::k_max_datagram);
  for (;;) {
    const auto [error] =
        co_await socket.async_wait(Socket::wait_read, asio::as_tuple(asio::use_awaitable));
    if (error || !socket.is_open()) co_return;
    for (int i = 0; i < k_packets_in_a_row; ++i) {
      const auto datagram = os::receive_datagram(socket.native_handle(), buffer);
      if (!datagram) break;
      on_datagram(socket, *datagram);
    }
  }
}

void Datagrams::on_datagram(Socket& socket, const os::Datagram& datagram) {
  auto call = pxe::parse_packet(datagram.bytes);
  if (!call) {
    log::debug("pxe.packet.dropped", "{}: {} bytes: {}", text_of(datagram.peer),
               datagram.bytes.size(), call.error().message);
    return;
  }
  Asked asked{*std::move(call), {}, datagram.peer, datagram.local, datagram.bytes.size(), {}};
  if (is_done_once(asked.call.body)) {
    asked.once = text_of(datagram.peer) + ' ' +
                 std::to_string(std::hash<std::string_view>{}(datagram.bytes));
    if (m_once.contains(asked.once)) return;
  }
  asked.origin = {client_name(datagram.peer.address()), datagram.peer.address().to_string()};
  auto place = m_room.enter(asked.origin.client, asked.size);
  if (!place) return log_busy();
  if (!asked.once.empty()) m_once.insert(asked.once);
  spawn(m_executor, answer(socket, std::move(asked), std::move(place)));
}

Awaitable<void> Datagrams::answer(Socket& socket, Asked asked, CallRoom::Place /*place*/) {
  const Answer text = co_await m_responder.answer(std::move(asked.call), asked.origin);
  if (!asked.once.empty()) m_once.erase(asked.once);
  if (!text || !socket.is_open()) co_return;
  const std::string bytes = pxe::encode_answer(*text);
  if (!pxe::may_answer(bytes.size(), asked.size)) {
    log::debug("pxe.answer.too_long", "{}: {} bytes would answer a packet of {}",
               text_of(asked.peer), bytes.size(), asked.size);
    co_return;
  }
  os::send_datagram(socket.native_handle(), asked.peer, asked.local, bytes);
}

void Datagrams::log_busy() {
  const auto now = std::chrono::steady_clock::now();
  if (m_busy_logged && now - *m_busy_logged < k_busy_interval) return;
  m_busy_logged = now;
  log::warning("pxe.busy", "{} calls of PXE clients are under way: some packets are not answered",
               m_room.calls());
}

}  // namespace pulse2::pxe_service
