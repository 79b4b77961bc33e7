#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "base/error.hpp"

namespace pulse2::net {

/// An address to listen on.
struct ListenAddress {
  boost::asio::ip::address address;
  bool optional = false;  ///< one of several that a name stands for: may be missing here
};

/// The addresses that a `host` option stands for: empty: all, IPv4 and IPv6; `localhost`: both
/// loopback addresses; an address: itself; a name: what it resolves to. May wait for the resolver.
/// Error: `not_found` for a name that does not resolve.
[[nodiscard]] base::Expected<std::vector<ListenAddress>> resolve_listen_host(
    const std::string& host);

/// Whether this machine lacks the address or its whole family.
[[nodiscard]] bool is_absent(const boost::asio::ip::address& address);

}  // namespace pulse2::net
