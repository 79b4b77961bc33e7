#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::pxe_service {

/// The sockets of pxe_port, one of each kind for each address.
struct Sockets {
  std::vector<os::UniqueFd> datagrams;  ///< UDP, bound
  std::vector<os::UniqueFd> listeners;  ///< TCP, listening
};

/// Opens the kinds that `sockets` lacks; ports below 1024 need the privileges of the start. What
/// comes meanwhile queues. `host`: as net::resolve_listen_host() takes it. Errors: `already_exists`
/// for a port in use, `permission_denied`, `not_found` for a host that does not resolve,
/// `unavailable` when there is no address.
[[nodiscard]] base::Expected<void> complete(Sockets& sockets, const std::string& host,
                                            std::uint16_t port);

}  // namespace pulse2::pxe_service
