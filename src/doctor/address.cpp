#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include "doctor/probes.hpp"

namespace pulse2::doctor {

namespace asio = boost::asio;
using asio::ip::tcp;

Findings probe_address(const Subject& subject) {
  const auto& host = subject.public_host;
  const std::string urls = "clients get URLs with " + host;
  asio::io_context io;
  boost::system::error_code error;
  const auto found = tcp::resolver(io).resolve(host, "", error);
  if (error) {
    return {
        fault(urls + ", which does not resolve: " + error.message(),
              "set [main] public_ip to the name or address by which clients reach this machine")};
  }
  for (const auto& each : found) {
    if (each.endpoint().address().is_loopback()) continue;
    return {good(urls)};
  }
  return {doubt(urls + ": each of them then looks for the server at itself",
                "set [main] public_ip to the name or address by which clients reach this machine")};
}

}  // namespace pulse2::doctor
