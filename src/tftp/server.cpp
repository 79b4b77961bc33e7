#include "tftp/server.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <list>
#include <map>
#include <optional>
#include <sstream>
#include <thread>
#include <utility>

#include "base/text.hpp"
#include "log/log.hpp"
#include "net/listen_address.hpp"
#include "os/pool_task.hpp"
#include "os/thread_pool.hpp"
#include "tftp/chunk_cache.hpp"
#include "tftp/content.hpp"
#include "tftp/transfer.hpp"

namespace pulse2::tftp {

namespace asio = boost::asio;
using asio::ip::udp;
using base::ErrorKind;
using base::Expected;

namespace {

constexpr int k_receive_buffer = 1024 * 1024;
constexpr std::size_t k_longest_request = 4096;
constexpr int k_requests_in_a_row = 64;  // before transfers get their turn
constexpr std::size_t k_readers = 2;
constexpr std::chrono::milliseconds k_sweep_interval{100};
constexpr std::chrono::milliseconds k_repeat_pause{5};
constexpr std::chrono::seconds k_busy_interval{60};

std::string text_of(const os::UdpEndpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

Refusal refusal_of(const base::Error& error) {
  switch (error.kind) {
    case ErrorKind::not_found:
      return {ErrorCode::not_found, "file not found"};
    case ErrorKind::permission_denied:
      return {ErrorCode::access_violation, "access violation"};
    case ErrorKind::limit_exceeded:
      return {ErrorCode::undefined, "use mode octet"};
    default:
      return {ErrorCode::undefined, "file can't be read"};
  }
}

}  // namespace

class Server::Core {
 public:
  explicit Core(ServerOptions options)
      : m_options(std::move(options)), m_rules(m_options.rules), m_sweep_timer(m_io) {}

  Expected<void> bind();
  void start();
  void stop();
  void set_rules(Rules rules) {
    asio::post(m_io, [this, rules = std::move(rules)]() mutable { m_rules = std::move(rules); });
  }
  [[nodiscard]] const std::vector<os::UdpEndpoint>& endpoints() const noexcept {
    return m_endpoints;
  }

 private:
  /// A request as it came.
  struct Asked {
    std::string packet;
    ReadRequest request;
    os::UdpEndpoint peer;
    asio::ip::address local;
    int listener = -1;  ///< errors are answered from there
  };
  /// One client that is being answered.
  struct Client {
    std::string packet;
    std::unique_ptr<Transfer> transfer;  ///< null until its file is open
    bool replaced = false;               ///< the client has asked for something else meanwhile
  };
  using ClientPointer = std::shared_ptr<Client>;

  Expected<void> add_listener(const os::UdpEndpoint& endpoint);
  asio::awaitable<void> listen(udp::socket& socket);
  void on_datagram(int listener, const os::Datagram& datagram);
  asio::awaitable<void> answer(Asked asked);
  /// The client's place among those that are served, null when it already has one for the same
  /// request or there is no room.
  asio::awaitable<ClientPointer> admit(const Asked& asked);
  [[nodiscard]] bool has_room(const asio::ip::address& address) const;
  asio::awaitable<void> serve(const Asked& asked, const ClientPointer& client);
  asio::awaitable<Expected<Content>> open(const ReadRequest& request);
  void refuse(const Asked& asked, const base::Error& error);
  void leave(const os::UdpEndpoint& peer, const ClientPointer& client);
  void log_end(const Asked& asked, Outcome outcome, std::uint64_t size) const;
  void log_busy();
  /// Ends waits whose time is over, as long as there are transfers.
  asio::awaitable<void> sweep();

  ServerOptions m_options;
  Rules m_rules;
  std::vector<os::UdpEndpoint> m_endpoints;
  std::map<os::UdpEndpoint, ClientPointer> m_clients;
  std::map<asio::ip::address, std::size_t> m_per_address;
  std::optional<std::chrono::steady_clock::time_point> m_busy_logged;
  bool m_sweeping = false;
  std::unique_ptr<os::ThreadPool> m_pool;
  std::unique_ptr<ChunkCache> m_cache;
  asio::io_context m_io{1};  ///< after what the coroutines in it use
  std::list<udp::socket> m_listeners;
  asio::steady_timer m_sweep_timer;
  std::thread m_thread;
};

Expected<void> Server::Core::bind() {
  const auto wanted = net::resolve_listen_host(m_options.host);
  if (!wanted) return tl::unexpected(wanted.error());
  std::uint16_t port = m_options.port;
  for (const auto& each : *wanted) {
    if (each.optional && net::is_absent(each.address)) continue;
    PULSE2_TRY(add_listener({each.address, port}));
    port = m_endpoints.back().port();
  }
  if (m_endpoints.empty()) {
    return base::fail(ErrorKind::unavailable, "this machine has no address for TFTP");
  }
  return {};
}

Expected<void> Server::Core::add_listener(const os::UdpEndpoint& endpoint) {
  auto bound = os::bind_udp(endpoint, k_receive_buffer);
  if (!bound) return tl::unexpected(std::move(bound).error());
  m_listeners.emplace_back(m_io, endpoint.protocol(), bound->release());
  m_endpoints.push_back(m_listeners.back().local_endpoint());
  return {};
}

void Server::Core::start() {
  m_pool = std::make_unique<os::ThreadPool>(k_readers);
  m_cache = std::make_unique<ChunkCache>(m_io, *m_pool, m_options.cache_size);
  for (udp::socket& listener : m_listeners)
    asio::co_spawn(m_io, listen(listener), asio::detached);
  m_thread = std::thread([this] {
    const auto work = asio::make_work_guard(m_io);
    m_io.run();
  });
  for (const auto& endpoint : m_endpoints)
    log::info("tftp.listening", "TFTP on {}", text_of(endpoint));
}

void Server::Core::stop() {
  m_io.stop();
  if (m_thread.joinable()) m_thread.join();
  if (m_pool) m_pool->stop();
  // Their sockets and timers belong to the context and must go before it.
  m_clients.clear();
  m_cache.reset();
}

asio::awaitable<void> Server::Core::listen(udp::socket& socket) {
  std::vector<char> buffer(k_longest_request);
  for (;;) {
    const auto [error] =
        co_await socket.async_wait(udp::socket::wait_read, asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    for (int i = 0; i < k_requests_in_a_row; ++i) {
      const auto datagram = os::receive_datagram(socket.native_handle(), buffer);
      if (!datagram) break;
      on_datagram(socket.native_handle(), *datagram);
    }
  }
}

void Server::Core::on_datagram(int listener, const os::Datagram& datagram) {
  Request request = parse_request(datagram.bytes);
  if (const auto* refusal = std::get_if<Refusal>(&request)) {
    log::debug("tftp.request.refused", "{}: {}", text_of(datagram.peer), refusal->message);
    os::send_datagram(listener, datagram.peer, datagram.local, encode_error(*refusal));
  } else if (auto* read = std::get_if<ReadRequest>(&request)) {
    Asked asked{std::string(datagram.bytes), std::move(*read), datagram.peer, datagram.local,
                listener};
    asio::co_spawn(m_io, answer(std::move(asked)), asio::detached);
  }
}

asio::awaitable<void> Server::Core::answer(Asked asked) {
  const ClientPointer client = co_await admit(asked);
  if (!client) co_return;
  co_await serve(asked, client);
  leave(asked.peer, client);
}

asio::awaitable<Server::Core::ClientPointer> Server::Core::admit(const Asked& asked) {
  if (m_clients.contains(asked.peer)) {
    // The packet that ended the earlier transfer may have come through another socket at the same
    // moment: it goes first.
    asio::steady_timer pause(m_io, k_repeat_pause);
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  const auto known = m_clients.find(asked.peer);
  if (known != m_clients.end()) {
    // The same packet again is one that the net doubled or that crossed our answer.
    if (known->second->packet == asked.packet) co_return nullptr;
    const ClientPointer earlier = known->second;
    earlier->replaced = true;
    if (earlier->transfer) earlier->transfer->abandon();
    leave(asked.peer, earlier);
  }
  if (!has_room(asked.peer.address())) {
    log_busy();
    co_return nullptr;
  }
  auto client = std::make_shared<Client>();
  client->packet = asked.packet;
  m_clients.emplace(asked.peer, client);
  ++m_per_address[asked.peer.address()];
  if (!std::exchange(m_sweeping, true)) asio::co_spawn(m_io, sweep(), asio::detached);
  co_return client;
}

bool Server::Core::has_room(const asio::ip::address& address) const {
  if (m_clients.size() >= m_rules.max_transfers) return false;
  const auto from_there = m_per_address.find(address);
  return from_there == m_per_address.end() ||
         from_there->second < m_rules.max_transfers_per_address;
}

void Server::Core::leave(const os::UdpEndpoint& peer, const ClientPointer& client) {
  const auto found = m_clients.find(peer);
  if (found == m_clients.end() || found->second != client) return;
  m_clients.erase(found);
  const auto from_there = m_per_address.find(peer.address());
  if (--from_there->second == 0) m_per_address.erase(from_there);
}

asio::awaitable<void> Server::Core::serve(const Asked& asked, const ClientPointer& client) {
  auto content = co_await open(asked.request);
  if (client->replaced) co_return;
  if (!content) {
    refuse(asked, content.error());
    co_return;
  }
  auto socket = os::connect_udp(asked.local, asked.peer);
  if (!socket) {
    refuse(asked, socket.error());
    co_return;
  }
  Parameters parameters = negotiate(asked.request, m_rules.limits, content->size);
  client->transfer = std::make_unique<Transfer>(
      m_io, std::move(*socket), asked.peer.protocol(), std::move(*content), std::move(parameters),
      m_rules.retries, *m_cache, [this] { return m_clients.size() == 1; });
  const Outcome outcome = co_await client->transfer->run();
  log_end(asked, outcome, client->transfer->size());
}

asio::awaitable<Expected<Content>> Server::Core::open(const ReadRequest& request) {
  auto location = locate(m_rules.exports, request.file);
  if (!location) co_return tl::unexpected(std::move(location).error());
  auto content = co_await os::run_on(
      *m_pool, [&location, mode = request.mode] { return open_content(*location, mode); });
  co_return content;
}

void Server::Core::refuse(const Asked& asked, const base::Error& error) {
  log::debug("tftp.request.refused", "{}: {}: {}", text_of(asked.peer),
             base::printable(asked.request.file), error.for_operator());
  os::send_datagram(asked.listener, asked.peer, asked.local, encode_error(refusal_of(error)));
}

void Server::Core::log_end(const Asked& asked, Outcome outcome, std::uint64_t size) const {
  const std::string file = base::printable(asked.request.file);
  switch (outcome) {
    case Outcome::done:
      log::debug("tftp.transfer.done", "{}: {}, {} bytes", text_of(asked.peer), file, size);
      break;
    case Outcome::refused:
      log::debug("tftp.transfer.refused", "{}: {}: ended by the client", text_of(asked.peer), file);
      break;
    case Outcome::lost:
      log::info("tftp.transfer.lost", "{}: {}: the client does not answer any more",
                text_of(asked.peer), file);
      break;
    case Outcome::unreadable:
      log::warning("tftp.transfer.broken", "{}: {}: the file can't be read to its end",
                   text_of(asked.peer), file);
      break;
    case Outcome::abandoned:
      break;
  }
}

void Server::Core::log_busy() {
  const auto now = std::chrono::steady_clock::now();
  if (m_busy_logged && now - *m_busy_logged < k_busy_interval) return;
  m_busy_logged = now;
  log::warning("tftp.busy", "{} transfers are under way: some requests are not answered",
               m_clients.size());
}

asio::awaitable<void> Server::Core::sweep() {
  while (!m_clients.empty()) {
    m_sweep_timer.expires_after(k_sweep_interval);
    co_await m_sweep_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto now = std::chrono::steady_clock::now();
    for (const auto& [peer, client] : m_clients) {
      if (client->transfer) client->transfer->expire(now);
    }
  }
  m_sweeping = false;
}

Server::Server(ServerOptions options) : m_core(std::make_unique<Core>(std::move(options))) {}

Server::~Server() {
  stop();
}

Expected<void> Server::bind() {
  return m_core->bind();
}

void Server::start() {
  m_core->start();
}

void Server::stop() {
  m_core->stop();
}

void Server::set_rules(Rules rules) {
  m_core->set_rules(std::move(rules));
}

const std::vector<os::UdpEndpoint>& Server::endpoints() const noexcept {
  return m_core->endpoints();
}

}  // namespace pulse2::tftp
