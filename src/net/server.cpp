#include "net/server.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/resolver_base.hpp>
#include <cerrno>
#include <csignal>
#include <sstream>
#include <utility>

#include "net/worker.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::ErrorKind;
using base::Expected;

namespace {

constexpr int k_backlog = 4096;  // the kernel cuts it at net.core.somaxconn
constexpr std::chrono::milliseconds k_poll{5};
constexpr std::chrono::seconds k_abort_grace{2};

/// An address to listen on.
struct Wanted {
  asio::ip::address address;
  bool optional = false;  ///< one of several that a name stands for: may be missing here
};

void add_both(std::vector<Wanted>& wanted, asio::ip::address four, asio::ip::address six) {
  wanted.push_back({std::move(four), true});
  wanted.push_back({std::move(six), true});
}

Expected<void> resolve(const std::string& host, std::vector<Wanted>& wanted) {
  if (host.empty()) {
    add_both(wanted, asio::ip::address_v4::any(), asio::ip::address_v6::any());
    return {};
  }
  if (host == "localhost") {
    add_both(wanted, asio::ip::address_v4::loopback(), asio::ip::address_v6::loopback());
    return {};
  }
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) {
    wanted.push_back({address, false});
    return {};
  }
  asio::io_context io;
  const auto found = tcp::resolver(io).resolve(host, "", error);
  if (error) {
    return base::fail(ErrorKind::not_found, "host " + host + " does not resolve", error.message());
  }
  for (const auto& each : found)
    wanted.push_back({each.endpoint().address(), false});
  return {};
}

std::string describe(const tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

tl::unexpected<base::Error> bind_failure(int error, const tcp::endpoint& endpoint) {
  auto failure = base::errno_error(error, "listening on " + describe(endpoint));
  if (error == EADDRINUSE) failure.kind = ErrorKind::already_exists;
  return tl::unexpected(std::move(failure));
}

/// A listening socket; `shared`: several of ours on the same address.
Expected<os::UniqueFd> listen_on(const tcp::endpoint& endpoint, bool shared) {
  os::UniqueFd socket(
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!socket) return bind_failure(errno, endpoint);
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (endpoint.address().is_v6()) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(socket.get(), k_backlog) != 0) {
    return bind_failure(errno, endpoint);
  }
  return socket;
}

Expected<tcp::endpoint> local_endpoint(int socket) {
  tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(socket, endpoint.data(), &size) != 0) {
    return tl::unexpected(base::errno_error(errno, "listening socket"));
  }
  endpoint.resize(size);
  return endpoint;
}

/// Whether this machine lacks the address or its whole family.
bool is_absent(const tcp::endpoint& endpoint) {
  os::UniqueFd socket(::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno == EAFNOSUPPORT;
  const tcp::endpoint any_port(endpoint.address(), 0);
  return ::bind(socket.get(), any_port.data(), static_cast<socklen_t>(any_port.size())) != 0 &&
         errno == EADDRNOTAVAIL;
}

/// Threads made while this lives get no signals: those are for the controlling thread.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &m_before);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &m_before, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t m_before{};
};

}  // namespace

Server::Server(ServerOptions options, std::shared_ptr<const Site> site)
    : m_options(std::move(options)),
      m_site(std::move(site)),
      m_state(std::make_shared<ServerState>()) {
  auto threads = m_options.threads;
  if (threads == 0) threads = std::max(1U, std::thread::hardware_concurrency());
  m_state->threads = threads;
  for (unsigned i = 0; i < threads; ++i)
    m_workers.push_back(std::make_unique<Worker>(m_state, m_site, m_options.tls));
}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
}

Expected<void> Server::bind() {
  for (const int fd : m_options.inherited) {
    PULSE2_TRY(add_inherited(fd));
  }
  if (!m_options.inherited.empty()) return {};
  std::vector<Wanted> wanted;
  if (m_options.hosts.empty()) PULSE2_TRY(resolve("", wanted));
  for (const auto& host : m_options.hosts) {
    PULSE2_TRY(resolve(host, wanted));
  }
  m_port = m_options.port;
  for (const auto& each : wanted) {
    const tcp::endpoint endpoint(each.address, m_port);
    if (std::find(m_endpoints.begin(), m_endpoints.end(), endpoint) != m_endpoints.end()) continue;
    if (each.optional && is_absent(endpoint)) continue;
    PULSE2_TRY(add_listener(endpoint));
  }
  if (m_endpoints.empty()) {
    return base::fail(ErrorKind::unavailable, "this machine has no address to listen on");
  }
  return {};
}

Expected<void> Server::add_listener(const tcp::endpoint& endpoint) {
  // Alone first: sharing the port, a second server would come up unnoticed beside this one.
  auto trial = listen_on(endpoint, false);
  if (!trial) return tl::unexpected(std::move(trial).error());
  const auto bound = local_endpoint(trial->get());
  if (!bound) return tl::unexpected(bound.error());
  trial->reset();
  for (auto& worker : m_workers) {
    auto listener = listen_on(*bound, true);
    if (!listener) return tl::unexpected(std::move(listener).error());
    worker->add_listener(std::move(*listener), bound->protocol());
  }
  m_port = bound->port();
  m_endpoints.push_back(*bound);
  return {};
}

Expected<void> Server::add_inherited(int fd) {
  const auto bound = local_endpoint(fd);
  if (!bound) return tl::unexpected(bound.error());
  for (auto& worker : m_workers) {
    os::UniqueFd copy(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    if (!copy || ::fcntl(copy.get(), F_SETFL, O_NONBLOCK) != 0) {
      return tl::unexpected(base::errno_error(errno, "listening socket"));
    }
    worker->add_listener(std::move(copy), bound->protocol());
  }
  m_port = bound->port();
  m_endpoints.push_back(*bound);
  return {};
}

void Server::start() {
  const SignalsBlocked blocked;
  for (auto& worker : m_workers)
    m_threads.emplace_back([each = worker.get()] { each->run(); });
}

void Server::stop(std::chrono::milliseconds grace) {
  if (m_threads.empty()) return;
  const auto wait = [this](std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (connections() > 0 && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(k_poll);
  };
  for (auto& worker : m_workers)
    worker->drain();
  wait(grace);
  for (auto& worker : m_workers)
    worker->abort_all();
  wait(k_abort_grace);
  for (auto& worker : m_workers)
    worker->stop();
  for (auto& thread : m_threads)
    thread.join();
  m_threads.clear();
}

void Server::set_site(std::shared_ptr<const Site> site) {
  m_site = site;
  for (auto& worker : m_workers)
    worker->set_site(site);
}

void Server::set_tls(std::shared_ptr<const TlsContext> tls) {
  for (auto& worker : m_workers)
    worker->set_tls(tls);
}

std::size_t Server::connections() const noexcept {
  return m_state->connections.load(std::memory_order_relaxed);
}

}  // namespace pulse2::net
