#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>

namespace pulse2::pxe_service {

/// Who shares limits: an IPv4 address, or the IPv6 addresses of one network of 64 bits.
[[nodiscard]] std::string client_name(const boost::asio::ip::address& address);

}  // namespace pulse2::pxe_service
