#include "pxe_service/client_name.hpp"

#include "base/ip_address.hpp"
#include "net/client_table.hpp"

namespace pulse2::pxe_service {

std::string client_name(const boost::asio::ip::address& address) {
  constexpr unsigned k_network_bits = 64;
  const std::string text = address.to_string();
  // Addresses of a link have a zone in their text and count one by one.
  const auto parsed = base::IpAddress::parse(text);
  return parsed ? net::ClientTable::key_of(*parsed, k_network_bits).to_text() : text;
}

}  // namespace pulse2::pxe_service
