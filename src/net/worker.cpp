#include "net/worker.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <ctime>
#include <exception>

#include "base/error.hpp"
#include "http/date.hpp"
#include "log/log.hpp"
#include "net/open_file_cache.hpp"

namespace pulse2::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int k_accepts_in_a_row = 16;  // before connections get their turn
constexpr std::chrono::milliseconds k_accept_pause{100};
constexpr std::chrono::seconds k_sweep_interval{1};

/// Counts a connection as long as it lives, for its thread and for the server.
class Counted {
 public:
  Counted(std::shared_ptr<ServerState> state, std::size_t& own)
      : m_state(std::move(state)), m_own(own) {
    ++m_own;
    m_state->connections.fetch_add(1, std::memory_order_relaxed);
  }
  ~Counted() {
    --m_own;
    m_state->connections.fetch_sub(1, std::memory_order_relaxed);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::shared_ptr<ServerState> m_state;
  std::size_t& m_own;
};

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

/// IPv4 clients of an IPv6 socket are shown as IPv4.
asio::ip::address plain_address(const asio::ip::address& address) {
  if (!address.is_v6() || !address.to_v6().is_v4_mapped()) return address;
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
}

}  // namespace

Worker::Worker(std::shared_ptr<ServerState> state, std::shared_ptr<const Site> site,
               std::shared_ptr<const TlsContext> tls)
    : m_state(std::move(state)),
      m_site(std::move(site)),
      m_tls(std::move(tls)),
      m_sweep_timer(m_io) {}

Worker::~Worker() = default;

void Worker::add_listener(os::UniqueFd listener, const tcp& protocol) {
  m_acceptors.emplace_back(m_io, protocol, listener.release());
}

void Worker::run() {
  for (auto& acceptor : m_acceptors)
    asio::co_spawn(m_io, accept_loop(acceptor), asio::detached);
  asio::co_spawn(m_io, sweep(), asio::detached);
  const auto work = asio::make_work_guard(m_io);
  m_io.run();
  OpenFileCache::of_this_thread().clear();
}

void Worker::set_site(std::shared_ptr<const Site> site) {
  asio::post(m_io, [this, site = std::move(site)]() mutable { m_site = std::move(site); });
}

void Worker::set_tls(std::shared_ptr<const TlsContext> tls) {
  asio::post(m_io, [this, tls = std::move(tls)]() mutable { m_tls = std::move(tls); });
}

void Worker::drain() {
  asio::post(m_io, [this] {
    m_draining = true;
    boost::system::error_code ignored;
    for (auto& acceptor : m_acceptors)
      acceptor.close(ignored);
    for (auto& connection : m_connections) {
      if (connection.is_idle()) connection.channel().abort();
    }
  });
}

void Worker::abort_all() {
  asio::post(m_io, [this] {
    for (auto& connection : m_connections)
      connection.channel().abort();
  });
}

void Worker::stop() {
  m_io.stop();
}

const std::string& Worker::date() {
  const std::int64_t now = std::time(nullptr);
  if (now != m_date_second) {
    m_date_second = now;
    m_date = http::format_date(now);
  }
  return m_date;
}

void Worker::touch(Connection& connection) {
  m_connections.splice(m_connections.end(), m_connections, m_connections.iterator_to(connection));
}

asio::awaitable<void> Worker::accept_loop(tcp::acceptor& acceptor) {
  asio::steady_timer pause(m_io);
  while (acceptor.is_open()) {
    const auto [error] =
        co_await acceptor.async_wait(tcp::acceptor::wait_read, asio::as_tuple(asio::use_awaitable));
    if (error || !acceptor.is_open()) co_return;
    if (accept_some(acceptor)) continue;
    evict_idle();
    pause.expires_after(k_accept_pause);
    co_await pause.async_wait(asio::as_tuple(asio::use_awaitable));
  }
}

bool Worker::accept_some(tcp::acceptor& acceptor) {
  for (int i = 0; i < k_accepts_in_a_row; ++i) {
    tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    os::UniqueFd socket(
        ::accept4(acceptor.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
      if (!out_of_resources(errno)) continue;  // a client that gave up, or a network error of its
      log::warning("http.accept.paused", "{}",
                   base::errno_error(errno, "accepting connections").for_operator());
      return false;
    }
    peer.resize(size);
    begin(std::move(socket), peer);
  }
  return true;
}

void Worker::begin(os::UniqueFd socket, const tcp::endpoint& peer) {
  // Each thread has its share: it can make room among its own connections only.
  const auto share = std::max<std::size_t>(1, m_site->limits().max_connections / m_state->threads);
  if (m_count >= share && !evict_idle()) return;
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  try {
    tcp::socket stream(m_io, peer.protocol(), socket.get());
    (void)socket.release();
    Peer who{plain_address(peer.address()), peer.port(), false, {}};
    auto connection = std::make_unique<Connection>(*this, std::move(stream), std::move(who));
    m_connections.push_back(*connection);
    asio::co_spawn(m_io, serve(std::move(connection)), asio::detached);
  } catch (const std::exception& exception) {
    log::warning("http.accept.failed", "{}", exception.what());
  }
}

asio::awaitable<void> Worker::serve(std::unique_ptr<Connection> connection) {
  const Counted counted(m_state, m_count);
  try {
    co_await connection->run();
  } catch (const std::exception& exception) {
    log::error("http.connection.failed", "{}", exception.what());
  }
}

bool Worker::evict_idle() {
  for (auto& connection : m_connections) {
    if (!connection.is_idle() || connection.channel().aborted()) continue;
    connection.channel().abort();
    return true;
  }
  return false;
}

asio::awaitable<void> Worker::sweep() {
  while (true) {
    m_sweep_timer.expires_after(k_sweep_interval);
    const auto [error] = co_await m_sweep_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    const auto now = Channel::Clock::now();
    for (auto& connection : m_connections)
      connection.channel().check_deadline(now);
    OpenFileCache::of_this_thread().expire(now);
  }
}

}  // namespace pulse2::net
