#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.hpp"

namespace pulse2::base {

/// A range of addresses in CIDR notation (RFC 4632, RFC 4291 §2.3).
class Network {
 public:
  /// `192.0.2.0/24`, `2001:db8::/32`, or one address. Bits behind the prefix do not count. Nothing
  /// for other text.
  [[nodiscard]] static std::optional<Network> parse(std::string_view text);

  /// IPv4 addresses are in IPv4 networks only: `::/0` has none of them.
  [[nodiscard]] bool contains(const IpAddress& address) const noexcept {
    return address.is_v4() == m_first.is_v4() && address.masked(m_bits) == m_first;
  }
  /// As it was written.
  [[nodiscard]] const std::string& text() const noexcept { return m_text; }

 private:
  Network(IpAddress first, unsigned bits, std::string text)
      : m_first(first), m_bits(bits), m_text(std::move(text)) {}

  IpAddress m_first;
  unsigned m_bits;  ///< of 128
  std::string m_text;
};

/// True when one of the networks has the address.
[[nodiscard]] bool any_contains(const std::vector<Network>& networks,
                                const IpAddress& address) noexcept;

}  // namespace pulse2::base
