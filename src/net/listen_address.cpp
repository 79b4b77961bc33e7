#include "net/listen_address.hpp"

#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "os/unique_fd.hpp"

namespace pulse2::net {

namespace asio = boost::asio;
using asio::ip::tcp;

base::Expected<std::vector<ListenAddress>> resolve_listen_host(const std::string& host) {
  using Addresses = std::vector<ListenAddress>;
  if (host.empty()) {
    return Addresses{{asio::ip::address_v4::any(), true}, {asio::ip::address_v6::any(), true}};
  }
  if (host == "localhost") {
    return Addresses{{asio::ip::address_v4::loopback(), true},
                     {asio::ip::address_v6::loopback(), true}};
  }
  boost::system::error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) return Addresses{{address, false}};
  asio::io_context io;
  const auto found = tcp::resolver(io).resolve(host, "", error);
  if (error) {
    return base::fail(base::ErrorKind::not_found, "host " + host + " does not resolve",
                      error.message());
  }
  Addresses addresses;
  for (const auto& each : found)
    addresses.push_back({each.endpoint().address(), false});
  return addresses;
}

bool is_absent(const asio::ip::address& address) {
  const tcp::endpoint any_port(address, 0);
  os::UniqueFd socket(::socket(any_port.protocol().family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return errno == EAFNOSUPPORT;
  return ::bind(socket.get(), any_port.data(), static_cast<socklen_t>(any_port.size())) != 0 &&
         errno == EADDRNOTAVAIL;
}

}  // namespace pulse2::net
