#include "api/service_record.hpp"

namespace pulse2::api {

std::string url_host(std::string_view server) {
  if (server.empty()) return "localhost";
  const bool bare_ipv6 = server.front() != '[' && server.find(':') != std::string_view::npos;
  if (!bare_ipv6) return std::string(server);
  return "[" + std::string(server) + "]";
}

std::string base_url(const ServiceAddress& address) {
  return address.protocol + "://" + url_host(address.server) + ":" + std::to_string(address.port);
}

xmlrpc::Struct service_record(const ServiceAddress& address, std::string_view mount_point,
                              Credentials credentials) {
  xmlrpc::Struct record;
  record["mountpoint"] = std::string(mount_point);
  record["uuid"] = "UUID" + std::string(mount_point);
  record["protocol"] = address.protocol;
  record["port"] = std::to_string(address.port);
  record["server"] = url_host(address.server);
  if (credentials == Credentials::include && !address.username.empty()) {
    record["username"] = address.username;
    record["password"] = address.password;
  }
  return record;
}

}  // namespace pulse2::api
