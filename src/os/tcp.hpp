#pragma once

#include <boost/asio/ip/tcp.hpp>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::os {

/// A non-blocking listening socket; IPv6 sockets take no IPv4. Errors: `already_exists` for an
/// address in use, `permission_denied`, others of socket(2).
[[nodiscard]] base::Expected<UniqueFd> listen_tcp(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace pulse2::os
