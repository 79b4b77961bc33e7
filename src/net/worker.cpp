#include "net/worker.hpp"

#include <fcntl.h>
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
#include <stdexcept>

#include "base/error.hpp"
#include "base/guarded_pointer.hpp"
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
constexpr unsigned k_least_idle = 2;  // ticks: at least a second
// Connections that get 503 at the same time, for each thread. Beyond them accepting pauses.
constexpr std::size_t k_most_refused = 64;

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

os::Poller make_poller() {
  auto poller = os::Poller::create();
  if (!poller) throw std::runtime_error(poller.error().for_operator());
  return std::move(*poller);
}

base::IpAddress to_ip(const asio::ip::address& address) {
  if (address.is_v4()) return base::IpAddress::v4(address.to_v4().to_bytes());
  return {address.to_v6().to_bytes()};
}

}  // namespace

Worker::Worker(std::shared_ptr<ServerState> state, std::shared_ptr<const Site> site,
               std::shared_ptr<const TlsContext> tls)
    : m_state(std::move(state)),
      m_site(base::own_handle(std::move(site))),
      m_tls(std::move(tls)),
      m_poller(make_poller()),
      m_poll_wait(m_io, ::fcntl(m_poller.descriptor(), F_DUPFD_CLOEXEC, 0)),
      m_sweep_timer(m_io) {}

Worker::~Worker() {
  for (auto* list : {&m_idle, &m_busy}) {
    while (!list->empty()) {
      auto& connection = list->front();
      connection.unlink();
      if (connection.is_running()) {
        connection.channel().drop_wait();
      } else {
        delete &connection;
      }
    }
  }
}

void Worker::add_listener(os::UniqueFd listener, const tcp& protocol) {
  m_acceptors.emplace_back(m_io, protocol, listener.release());
}

void Worker::run() {
  for (auto& acceptor : m_acceptors)
    asio::co_spawn(m_io, accept_loop(acceptor), asio::detached);
  asio::co_spawn(m_io, poll_loop(), asio::detached);
  asio::co_spawn(m_io, sweep(), asio::detached);
  const auto work = asio::make_work_guard(m_io);
  m_io.run();
  OpenFileCache::of_this_thread().clear();
}

void Worker::set_site(std::shared_ptr<const Site> site) {
  asio::post(m_io, [this, site = std::move(site)]() mutable {
    m_site = base::own_handle(std::move(site));
  });
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
    dismiss_all(m_idle);
  });
}

void Worker::abort_all() {
  asio::post(m_io, [this] {
    dismiss_all(m_idle);
    dismiss_all(m_busy);
  });
}

bool Worker::answers() {
  if (!m_has_answered.exchange(false)) return false;
  asio::post(m_io, [this] { m_has_answered = true; });
  return true;
}

void Worker::stop() {
  m_io.stop();
}

void Worker::make_room() {
  asio::post(m_io, [this] { evict_idle(); });
}

const std::string& Worker::date() {
  const std::int64_t now = std::time(nullptr);
  if (now != m_date_second) {
    m_date_second = now;
    m_date = http::format_date(now);
  }
  return m_date;
}

void Worker::set_idle(Connection& connection) {
  // Ending a refused one makes no room.
  if (connection.is_refused()) return;
  connection.unlink();
  m_idle.push_back(connection);
}

void Worker::set_busy(Connection& connection) {
  connection.unlink();
  m_busy.push_back(connection);
}

asio::awaitable<void> Worker::poll_loop() {
  while (true) {
    const auto [error] = co_await m_poll_wait.async_wait(asio::posix::descriptor_base::wait_read,
                                                         asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    OpenFileCache::of_this_thread().begin_round();
    m_poller.dispatch();
  }
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
    if (is_overrun()) return false;
    tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    os::UniqueFd socket(
        ::accept4(acceptor.native_handle(), peer.data(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!socket) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return true;
      if (!out_of_resources(errno)) continue;  // a client that gave up, or a network error of its
      const auto error = base::errno_error(errno, "accepting connections");
      if (const auto times = m_state->out_of_descriptors.happened(Channel::Clock::now())) {
        log::warning("http.accept.paused", "{}; {} times", error.for_operator(), times);
      }
      return false;
    }
    peer.resize(size);
    Worker& worker = least_busy();
    if (&worker == this) {
      begin(Share(m_shares), std::move(socket), peer);
    } else {
      worker.adopt(std::move(socket), peer);
    }
  }
  return true;
}

bool Worker::is_overrun() {
  return m_refused >= k_most_refused &&
         m_state->connections.load(std::memory_order_relaxed) >= m_site->limits().max_connections;
}

std::pair<Place, Refusal> Worker::find_place(const base::IpAddress& address) {
  const auto& limits = m_site->limits();
  const auto now = Channel::Clock::now();
  const auto key = ClientTable::key_of(address, limits.ipv6_client_bits);
  Client* client = m_state->clients.enter(key, limits.max_connections_per_client);
  if (client == nullptr) {
    if (const auto times = m_state->refused_client.happened(now)) {
      log::warning("http.client_full",
                   "{} has all {} connections of [http] max_connections_per_address; {} refused",
                   key.to_text(), limits.max_connections_per_client, times);
    }
    return {Place(), Refusal::client_full};
  }
  if (m_state->connections.load(std::memory_order_relaxed) < limits.max_connections ||
      evict_idle()) {
    return {Place(*m_state, client), Refusal::none};
  }
  m_state->clients.leave(*client, 0, now);
  for (Worker* other : m_state->workers) {
    if (other != this) other->make_room();
  }
  if (const auto times = m_state->refused_full.happened(now)) {
    log::warning("http.full", "all {} connections of [http] max_connections are in use; {} refused",
                 limits.max_connections, times);
  }
  return {Place(), Refusal::server_full};
}

Worker& Worker::least_busy() {
  Worker* least = this;
  auto fewest = m_shares.load(std::memory_order_relaxed);
  for (Worker* other : m_state->workers) {
    const auto shares = other->m_shares.load(std::memory_order_relaxed);
    if (shares >= fewest) continue;
    least = other;
    fewest = shares;
  }
  return *least;
}

void Worker::adopt(os::UniqueFd socket, const tcp::endpoint& peer) {
  asio::post(m_io, [this, share = Share(m_shares), socket = std::move(socket), peer]() mutable {
    if (!m_draining) begin(std::move(share), std::move(socket), peer);
  });
}

void Worker::begin(Share share, os::UniqueFd socket, const tcp::endpoint& peer) {
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  try {
    Peer who{to_ip(peer.address()), peer.port(), false, {}};
    auto [place, refusal] = find_place(who.address);
    // One client must not take all refusals from the others: it is cut off without a word.
    if (refusal == Refusal::client_full && m_refused >= k_most_refused / 2) return;
    auto connection = std::make_unique<Connection>(*this, std::move(share), std::move(socket),
                                                   std::move(who), std::move(place), refusal);
    auto& begun = *connection.release();
    m_busy.push_back(begun);
    go_on(begun, begun.first_step());
  } catch (const std::exception& exception) {
    log::warning("http.accept.failed", "{}", exception.what());
  }
}

void Worker::go_on(Connection& connection, Connection::Step step) {
  if (step == Connection::Step::rest) {
    connection.become_idle();
  } else if (step == Connection::Step::end) {
    connection.channel().say_goodbye();
    delete &connection;
  } else {
    connection.set_running(true);
    asio::co_spawn(m_io, serve(std::unique_ptr<Connection>(&connection), step), asio::detached);
  }
}

asio::awaitable<void> Worker::serve(std::unique_ptr<Connection> connection, Connection::Step step) {
  const bool refused = connection->is_refused();
  if (refused) ++m_refused;
  bool rests = false;
  try {
    rests = co_await connection->run(step);
  } catch (const std::exception& exception) {
    log::error("http.connection.failed", "{}", exception.what());
  }
  if (refused) --m_refused;
  if (!rests) co_return;
  connection->set_running(false);
  connection.release()->become_idle();
}

void Worker::dismiss(Connection& connection) {
  if (connection.is_running()) {
    connection.channel().abort();
  } else {
    go_on(connection, Connection::Step::end);
  }
}

void Worker::dismiss_all(ConnectionList& connections) {
  for (auto next = connections.begin(); next != connections.end();)
    dismiss(*next++);
}

bool Worker::evict_idle() {
  if (m_idle.empty() || m_tick - m_idle.front().idle_since() < k_least_idle) return false;
  auto& connection = m_idle.front();
  set_busy(connection);
  dismiss(connection);
  return true;
}

void Worker::check_deadlines(ConnectionList& connections, Channel::Clock::time_point now) {
  const auto most_ticks = m_site->limits().keep_alive_idle.count();
  for (auto next = connections.begin(); next != connections.end();) {
    auto& connection = *next++;
    if (connection.is_running()) {
      connection.channel().check_deadline(now);
    } else if (m_tick - connection.idle_since() > most_ticks) {
      dismiss(connection);
    }
  }
}

asio::awaitable<void> Worker::sweep() {
  while (true) {
    m_sweep_timer.expires_after(k_sweep_interval);
    const auto [error] = co_await m_sweep_timer.async_wait(asio::as_tuple(asio::use_awaitable));
    if (error) co_return;
    ++m_tick;
    const auto now = Channel::Clock::now();
    check_deadlines(m_idle, now);
    check_deadlines(m_busy, now);
    m_state->clients.tidy(m_state->download_rate_per_client.load(std::memory_order_relaxed), now);
    OpenFileCache::of_this_thread().expire(now);
  }
}

}  // namespace pulse2::net
