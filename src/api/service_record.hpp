#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// How clients reach this server.
struct ServiceAddress {
  std::string protocol = "http";  ///< or "https"
  std::string server;             ///< host name or address, IPv6 without brackets
  std::uint16_t port = 0;
  std::string username;  ///< of the package APIs; empty: no authentication
  std::string password;
};

/// The host as it stands in a URL: IPv6 addresses in brackets, `localhost` for an empty one.
[[nodiscard]] std::string url_host(std::string_view server);

/// "proto://host:port", without a slash at the end.
[[nodiscard]] std::string base_url(const ServiceAddress& address);

enum class Credentials { leave_out, include };

/// The description of a mount point that clients build their URLs from: protocol, server, port (a
/// string), mountpoint and uuid; with Credentials::include and a user name set also username and
/// password. `server` carries brackets around an IPv6 address: clients only join the texts.
[[nodiscard]] xmlrpc::Struct service_record(const ServiceAddress& address,
                                            std::string_view mount_point,
                                            Credentials credentials = Credentials::leave_out);

}  // namespace pulse2::api
