#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <vector>

#include "doctor/probes.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::doctor {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

/// A port that the server takes.
struct Port {
  std::string option;  ///< where it is configured
  std::string host;    ///< empty: all addresses
  int number = 0;
  int type = SOCK_STREAM;  ///< or SOCK_DGRAM

  [[nodiscard]] std::string text() const {
    return (type == SOCK_STREAM ? "TCP port " : "UDP port ") + std::to_string(number) + " (" +
           option + ")";
  }
};

std::vector<tcp::endpoint> endpoints_of(const Port& port, boost::system::error_code& error) {
  const auto number = static_cast<std::uint16_t>(port.number);
  if (port.host.empty() || port.host == "0.0.0.0" || port.host == "::") {
    return {{asio::ip::address_v4::any(), number}, {asio::ip::address_v6::any(), number}};
  }
  asio::io_context io;
  std::vector<tcp::endpoint> endpoints;
  for (const auto& each : tcp::resolver(io).resolve(port.host, std::to_string(port.number), error))
    endpoints.push_back(each.endpoint());
  return endpoints;
}

/// 0 when the address could be taken, else the system's reason.
int try_to_bind(const tcp::endpoint& endpoint, int type) {
  const os::UniqueFd socket(::socket(endpoint.protocol().family(), type | SOCK_CLOEXEC, 0));
  if (!socket) return errno == EAFNOSUPPORT ? 0 : errno;
  const int on = 1;
  if (type == SOCK_STREAM) {
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  if (endpoint.address().is_v6()) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  const auto size = static_cast<socklen_t>(endpoint.size());
  if (::bind(socket.get(), endpoint.data(), size) != 0) return errno;
  return type == SOCK_STREAM && ::listen(socket.get(), 1) != 0 ? errno : 0;
}

Finding explain(const Port& port, const tcp::endpoint& endpoint, int reason, bool server_runs) {
  const std::string where = port.text() + " at " + endpoint.address().to_string();
  switch (reason) {
    case EADDRINUSE:
      if (server_runs) return good(port.text() + " is in use, and the server runs");
      return fault(where + " is taken by another program",
                   "stop that one (ss -lpn shows it), or choose another port");
    case EACCES:
      return fault(where + " may not be taken without the rights of root",
                   "start the server as root or with CAP_NET_BIND_SERVICE, or choose a port above "
                   "1023");
    case EADDRNOTAVAIL:
      return fault(where + ": no interface of this machine has that address",
                   "correct [main] host");
    default:
      return fault(where + ": " + base::errno_error(reason, "bind").for_operator(),
                   "see the reason");
  }
}

Finding look_at(const Port& port, bool server_runs) {
  boost::system::error_code error;
  const auto endpoints = endpoints_of(port, error);
  if (error) {
    return fault("[main] host = " + port.host + " does not resolve: " + error.message(),
                 "correct it, or leave it empty to listen on all addresses");
  }
  const bool everywhere = endpoints.front().address().is_unspecified();
  for (const auto& endpoint : endpoints) {
    const int reason = try_to_bind(endpoint, port.type);
    // A machine without IPv6 lacks one of the two that stand for all.
    if (reason == 0 || (everywhere && reason == EADDRNOTAVAIL)) continue;
    return explain(port, endpoint, reason, server_runs);
  }
  if (server_runs) {
    return doubt(port.text() + ": the server runs and does not listen there",
                 "restart it: the option counts from its next start on; else see its log");
  }
  return good(port.text() + " is free");
}

}  // namespace

Findings probe_ports(const Subject& subject) {
  const auto& settings = subject.settings();
  std::vector<Port> ports{{"[main] port", settings.main.host, settings.main.port, SOCK_STREAM}};
  if (settings.imaging_api) {
    for (const int type : {SOCK_STREAM, SOCK_DGRAM})
      ports.push_back(
          {"[imaging_api] pxe_port", settings.main.host, settings.imaging_api->pxe_port, type});
  }
  if (settings.tftp.enabled) ports.push_back({"[tftp] port", "", settings.tftp.port, SOCK_DGRAM});
  Findings findings;
  for (const Port& port : ports)
    findings.push_back(look_at(port, subject.server_runs));
  return findings;
}

}  // namespace pulse2::doctor
