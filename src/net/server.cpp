#include "net/server.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <cerrno>
#include <csignal>
#include <utility>

#include "net/listen_address.hpp"
#include "net/worker.hpp"
#include "os/tcp.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::chrono::milliseconds k_poll{5};
constexpr std::chrono::seconds k_abort_grace{2};

Expected<tcp::endpoint> local_endpoint(int socket) {
  tcp::endpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(socket, endpoint.data(), &size) != 0) {
    return tl::unexpected(base::errno_error(errno, "listening socket"));
  }
  endpoint.resize(size);
  return endpoint;
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
  m_state->set_rates(m_site->limits());
  for (unsigned i = 0; i < threads; ++i) {
    m_workers.push_back(std::make_unique<Worker>(m_state, m_site, m_options.tls));
    m_state->workers.push_back(m_workers.back().get());
  }
}

Server::~Server() {
  stop(std::chrono::milliseconds(0));
}

Expected<void> Server::bind() {
  for (const int fd : m_options.inherited) {
    PULSE2_TRY(share_listener(fd));
  }
  if (!m_options.inherited.empty()) return {};
  std::vector<ListenAddress> wanted;
  const auto hosts = m_options.hosts.empty() ? std::vector<std::string>{""} : m_options.hosts;
  for (const auto& host : hosts) {
    auto addresses = resolve_listen_host(host);
    if (!addresses) return tl::unexpected(std::move(addresses).error());
    wanted.insert(wanted.end(), addresses->begin(), addresses->end());
  }
  m_port = m_options.port;
  for (const auto& each : wanted) {
    const tcp::endpoint endpoint(each.address, m_port);
    if (std::find(m_endpoints.begin(), m_endpoints.end(), endpoint) != m_endpoints.end()) continue;
    if (each.optional && is_absent(each.address)) continue;
    PULSE2_TRY(add_listener(endpoint));
  }
  if (m_endpoints.empty()) {
    return base::fail(ErrorKind::unavailable, "this machine has no address to listen on");
  }
  return {};
}

Expected<void> Server::add_listener(const tcp::endpoint& endpoint) {
  auto listener = os::listen_tcp(endpoint);
  if (!listener) return tl::unexpected(std::move(listener).error());
  return share_listener(listener->get());
}

Expected<void> Server::share_listener(int fd) {
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

void Server::stop(std::chrono::milliseconds grace, const std::function<bool()>& hurry) {
  if (m_threads.empty()) return;
  const auto wait = [&](std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (connections() > 0 && std::chrono::steady_clock::now() < end && !(hurry && hurry()))
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

void Server::set_site(const std::shared_ptr<const Site>& site) {
  m_site = site;
  m_state->set_rates(site->limits());
  for (auto& worker : m_workers)
    worker->set_site(site);
}

void Server::set_tls(const std::shared_ptr<const TlsContext>& tls) {
  for (auto& worker : m_workers)
    worker->set_tls(tls);
}

bool Server::threads_answer() {
  bool all = true;
  for (auto& worker : m_workers)
    all = worker->answers() && all;
  return all;
}

std::size_t Server::connections() const noexcept {
  return m_state->connections.load(std::memory_order_relaxed);
}

}  // namespace pulse2::net
