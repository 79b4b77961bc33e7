#pragma once

#include <boost/asio/ip/udp.hpp>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

/// What datagram services need beyond Asio: which of our addresses a datagram was sent to, answers
/// from that address, and several datagrams in one system call. No function waits.
namespace pulse2::os {

using UdpEndpoint = boost::asio::ip::udp::endpoint;

/// The largest datagram there is, rounded up: a receive buffer of this size cuts nothing.
inline constexpr std::size_t k_max_datagram = 65'536;

/// A non-blocking socket bound to `endpoint`, alone; IPv6 sockets take no IPv4. Asks the system for
/// `receive_buffer` bytes of buffer and takes what it gets: root gets all.
/// Errors: `already_exists` for an address in use, `permission_denied`, others of socket(2).
[[nodiscard]] base::Expected<UniqueFd> bind_udp(const UdpEndpoint& endpoint, int receive_buffer);

/// Does to a bound socket that was passed to us what bind_udp() does to its own.
void prepare_udp(int socket, int receive_buffer);

/// A non-blocking socket at a free port of `local` (unspecified: any address) that talks to `peer`
/// alone: what others send to it is refused by the system.
[[nodiscard]] base::Expected<UniqueFd> connect_udp(const boost::asio::ip::address& local,
                                                   const UdpEndpoint& peer);

/// Where a socket of either transport is bound: address and port.
[[nodiscard]] UdpEndpoint local_endpoint(int socket);

struct Datagram {
  std::string_view bytes;  ///< in the buffer that was given
  UdpEndpoint peer;
  boost::asio::ip::address local;  ///< ours that it reached: answers are sent from it
};

/// Takes one datagram from a socket of bind_udp(); nothing when none waits.
[[nodiscard]] std::optional<Datagram> receive_datagram(int socket, std::span<char> buffer);

/// Sends from `local`, which a Datagram named. False when the system does not take it now: as any
/// datagram it may get lost.
bool send_datagram(int socket, const UdpEndpoint& peer, const boost::asio::ip::address& local,
                   std::string_view bytes);

/// Parts that become one datagram.
struct DatagramParts {
  std::string_view head;
  std::string_view first;
  std::string_view second;  ///< may be empty, as `first` may
};
inline constexpr std::size_t k_max_batch = 64;

/// What became of a batch.
struct BatchResult {
  std::size_t taken = 0;     ///< datagrams that the system took, counted from the first
  bool full = false;         ///< the socket takes no more now
  bool peer_closed = false;  ///< nobody listens at the peer's port
};

/// Sends up to k_max_batch datagrams over a connected socket. Those that are not taken although the
/// socket is not full are lost, as any datagram may be.
[[nodiscard]] BatchResult send_batch(int socket, std::span<const DatagramParts> datagrams);

}  // namespace pulse2::os
