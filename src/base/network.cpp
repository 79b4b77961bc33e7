#include "base/network.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pulse2::base {

std::optional<Network> Network::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  // `::ffff:192.0.2.0/120` counts its bits as IPv6, `192.0.2.0/24` as IPv4.
  const bool is_v4 = text.find(':') == std::string_view::npos;
  unsigned bits = is_v4 ? 32 : 128;
  if (slash != std::string_view::npos) {
    const auto written = parse_integer<unsigned>(text.substr(slash + 1));
    if (!written || *written > bits) return std::nullopt;
    bits = *written;
  }
  if (is_v4) bits += 96;
  return Network(address->masked(bits), bits, std::string(text));
}

bool any_contains(const std::vector<Network>& networks, const IpAddress& address) noexcept {
  return std::any_of(networks.begin(), networks.end(),
                     [&address](const Network& network) { return network.contains(address); });
}

}  // namespace pulse2::base
