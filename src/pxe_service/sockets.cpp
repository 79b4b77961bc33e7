#include "pxe_service/sockets.hpp"

#include <utility>

#include "net/listen_address.hpp"
#include "os/tcp.hpp"
#include "os/udp.hpp"

namespace pulse2::pxe_service {

using base::Expected;

namespace {

/// Room for the packets of thousands of machines that are switched on together.
constexpr int k_receive_buffer = 8 * 1024 * 1024;

using Addresses = std::vector<boost::asio::ip::address>;

Expected<Addresses> addresses_of(const std::string& host) {
  const auto wanted = net::resolve_listen_host(host);
  if (!wanted) return tl::unexpected(wanted.error());
  Addresses addresses;
  for (const auto& each : *wanted) {
    if (each.optional && net::is_absent(each.address)) continue;
    addresses.push_back(each.address);
  }
  if (addresses.empty()) {
    return base::fail(base::ErrorKind::unavailable, "this machine has no address for PXE clients");
  }
  return addresses;
}

Expected<void> bind_datagrams(Sockets& sockets, const Addresses& addresses, std::uint16_t port) {
  for (const auto& address : addresses) {
    auto socket = os::bind_udp({address, port}, k_receive_buffer);
    if (!socket) return tl::unexpected(std::move(socket).error());
    sockets.datagrams.push_back(std::move(*socket));
  }
  return {};
}

Expected<void> listen(Sockets& sockets, const Addresses& addresses, std::uint16_t port) {
  for (const auto& address : addresses) {
    auto socket = os::listen_tcp({address, port});
    if (!socket) return tl::unexpected(std::move(socket).error());
    sockets.listeners.push_back(std::move(*socket));
  }
  return {};
}

}  // namespace

Expected<void> complete(Sockets& sockets, const std::string& host, std::uint16_t port) {
  const auto addresses = addresses_of(host);
  if (!addresses) return tl::unexpected(addresses.error());
  for (const os::UniqueFd& passed : sockets.datagrams)
    os::prepare_udp(passed.get(), k_receive_buffer);
  if (sockets.datagrams.empty()) PULSE2_TRY(bind_datagrams(sockets, *addresses, port));
  if (sockets.listeners.empty()) PULSE2_TRY(listen(sockets, *addresses, port));
  return {};
}

}  // namespace pulse2::pxe_service
