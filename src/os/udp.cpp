#include "os/udp.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <sstream>

namespace pulse2::os {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

std::string describe(const UdpEndpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

tl::unexpected<base::Error> failure(int error, const std::string& what) {
  auto made = base::errno_error(error, what);
  if (error == EADDRINUSE) made.kind = base::ErrorKind::already_exists;
  return tl::unexpected(std::move(made));
}

UniqueFd open_socket(const udp& protocol) {
  UniqueFd socket(
      ::socket(protocol.family(), SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP));
  const int on = 1;
  if (socket && protocol == udp::v6()) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  return socket;
}

int bind_to(int socket, const UdpEndpoint& endpoint) {
  return ::bind(socket, endpoint.data(), static_cast<socklen_t>(endpoint.size()));
}

void ask_for_buffer(int socket, int bytes) {
  if (::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0) return;
  ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

void ask_for_local_address(int socket) {
  const int on = 1;
  if (local_endpoint(socket).protocol() == udp::v6()) {
    ::setsockopt(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
  } else {
    ::setsockopt(socket, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
  }
}

/// Large enough for the one control message of either family.
struct ControlBuffer {
  alignas(cmsghdr) std::array<char, 64> bytes{};
};
static_assert(sizeof(ControlBuffer) >= CMSG_SPACE(sizeof(in6_pktinfo)));

asio::ip::address local_address(const msghdr& message) {
  const cmsghdr* control = CMSG_FIRSTHDR(&message);
  if (control == nullptr) return {};
  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
    in_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(control), sizeof info);
    // Not ipi_addr: that may be a broadcast address, from which nothing can be sent.
    return asio::ip::make_address_v4(ntohl(info.ipi_spec_dst.s_addr));
  }
  if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(control), sizeof info);
    asio::ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &info.ipi6_addr, bytes.size());
    const asio::ip::address_v6 address(bytes);
    if (address.is_multicast()) return asio::ip::address_v6();
    // Only a link-local address needs the interface, and others may not be bound with one.
    return address.is_link_local() ? asio::ip::address_v6(bytes, info.ipi6_ifindex) : address;
  }
  return {};
}

/// Fills in the control message that makes `local` the sender's address.
void set_local_address(msghdr& message, ControlBuffer& buffer, const asio::ip::address& local) {
  if (local.is_unspecified()) return;
  message.msg_control = buffer.bytes.data();
  message.msg_controllen = buffer.bytes.size();
  cmsghdr* control = CMSG_FIRSTHDR(&message);
  if (local.is_v4()) {
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(local.to_v4().to_uint());
    control->cmsg_level = IPPROTO_IP;
    control->cmsg_type = IP_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(control), &info, sizeof info);
    message.msg_controllen = CMSG_SPACE(sizeof info);
  } else {
    in6_pktinfo info{};
    const auto bytes = local.to_v6().to_bytes();
    std::memcpy(&info.ipi6_addr, bytes.data(), bytes.size());
    info.ipi6_ifindex = static_cast<unsigned>(local.to_v6().scope_id());
    control->cmsg_level = IPPROTO_IPV6;
    control->cmsg_type = IPV6_PKTINFO;
    control->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(control), &info, sizeof info);
    message.msg_controllen = CMSG_SPACE(sizeof info);
  }
}

iovec to_iovec(std::string_view bytes) {
  // sendmsg(2) only reads, but its type does not say so.
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

}  // namespace

base::Expected<UniqueFd> bind_udp(const UdpEndpoint& endpoint, int receive_buffer) {
  const std::string what = "listening on UDP " + describe(endpoint);
  UniqueFd socket = open_socket(endpoint.protocol());
  if (!socket || bind_to(socket.get(), endpoint) != 0) return failure(errno, what);
  prepare_udp(socket.get(), receive_buffer);
  return socket;
}

void prepare_udp(int socket, int receive_buffer) {
  ask_for_buffer(socket, receive_buffer);
  ask_for_local_address(socket);
}

base::Expected<UniqueFd> connect_udp(const asio::ip::address& local, const UdpEndpoint& peer) {
  const std::string what = "UDP socket for " + describe(peer);
  UniqueFd socket = open_socket(peer.protocol());
  if (!socket) return failure(errno, what);
  if (!local.is_unspecified() && bind_to(socket.get(), UdpEndpoint(local, 0)) != 0) {
    return failure(errno, what);
  }
  if (::connect(socket.get(), peer.data(), static_cast<socklen_t>(peer.size())) != 0) {
    return failure(errno, what);
  }
  return socket;
}

UdpEndpoint local_endpoint(int socket) {
  UdpEndpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  if (::getsockname(socket, endpoint.data(), &size) == 0) endpoint.resize(size);
  return endpoint;
}

std::optional<Datagram> receive_datagram(int socket, std::span<char> buffer) {
  Datagram datagram;
  ControlBuffer control;
  iovec part{buffer.data(), buffer.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t size = -1;
  do {
    message.msg_name = datagram.peer.data();
    message.msg_namelen = static_cast<socklen_t>(datagram.peer.capacity());
    message.msg_control = control.bytes.data();
    message.msg_controllen = control.bytes.size();
    size = ::recvmsg(socket, &message, 0);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return std::nullopt;
  datagram.peer.resize(message.msg_namelen);
  datagram.local = local_address(message);
  datagram.bytes = {buffer.data(), static_cast<std::size_t>(size)};
  return datagram;
}

bool send_datagram(int socket, const UdpEndpoint& peer, const asio::ip::address& local,
                   std::string_view bytes) {
  UdpEndpoint name = peer;
  ControlBuffer control;
  iovec part = to_iovec(bytes);
  msghdr message{};
  message.msg_name = name.data();
  message.msg_namelen = static_cast<socklen_t>(name.size());
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  set_local_address(message, control, local);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL) >= 0;
}

BatchResult send_batch(int socket, std::span<const DatagramParts> datagrams) {
  const std::size_t count = std::min(datagrams.size(), k_max_batch);
  std::array<std::array<iovec, 3>, k_max_batch> parts;
  std::array<mmsghdr, k_max_batch> messages;
  for (std::size_t i = 0; i < count; ++i) {
    parts[i] = {to_iovec(datagrams[i].head), to_iovec(datagrams[i].first),
                to_iovec(datagrams[i].second)};
    messages[i] = {};
    messages[i].msg_hdr.msg_iov = parts[i].data();
    messages[i].msg_hdr.msg_iovlen = datagrams[i].second.empty() ? 2 : 3;
  }
  int sent = 1;
  if (count != 1) {
    sent = ::sendmmsg(socket, messages.data(), static_cast<unsigned>(count), MSG_NOSIGNAL);
  } else if (::sendmsg(socket, &messages.front().msg_hdr, MSG_NOSIGNAL) < 0) {
    sent = -1;
  }
  if (sent >= 0) return {static_cast<std::size_t>(sent), false, false};
  return {0, errno == EAGAIN || errno == EWOULDBLOCK, errno == ECONNREFUSED};
}

}  // namespace pulse2::os
