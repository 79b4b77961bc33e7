#include "os/tcp.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <sstream>

namespace pulse2::os {

using boost::asio::ip::tcp;

namespace {

constexpr int k_backlog = 4096;  // the kernel cuts it at net.core.somaxconn

tl::unexpected<base::Error> failure(int error, const tcp::endpoint& endpoint) {
  std::ostringstream name;
  name << endpoint;
  auto made = base::errno_error(error, "listening on " + name.str());
  if (error == EADDRINUSE) made.kind = base::ErrorKind::already_exists;
  return tl::unexpected(std::move(made));
}

}  // namespace

base::Expected<UniqueFd> listen_tcp(const tcp::endpoint& endpoint) {
  UniqueFd socket(
      ::socket(endpoint.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return failure(errno, endpoint);
  const int on = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (endpoint.address().is_v6()) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(socket.get(), endpoint.data(), static_cast<socklen_t>(endpoint.size())) != 0 ||
      ::listen(socket.get(), k_backlog) != 0) {
    return failure(errno, endpoint);
  }
  return socket;
}

}  // namespace pulse2::os
