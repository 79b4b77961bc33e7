#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pulse2::base {

/// An IPv4 or IPv6 address as 16 bytes. IPv4 is kept as ::ffff:a.b.c.d (RFC 4291 §2.5.5.2), so a
/// client that reaches an IPv6 socket over IPv4 is the same client.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] static IpAddress v4(const std::array<std::uint8_t, 4>& bytes) noexcept;
  /// `192.0.2.1` or `2001:db8::1`, without zone, brackets or white space; nothing for other text.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text) noexcept;

  /// `192.0.2.1`, or IPv6 in the form of RFC 5952.
  [[nodiscard]] std::string to_text() const;

  [[nodiscard]] bool is_v4() const noexcept;
  /// Of an IPv6 address: valid on one link only (fe80::/10).
  [[nodiscard]] bool is_link_local() const noexcept;
  /// The first `bits` (0 to 128) bits, all others zero. IPv4 addresses begin at bit 96.
  [[nodiscard]] IpAddress masked(unsigned bits) const noexcept;

  auto operator<=>(const IpAddress&) const = default;
};

}  // namespace pulse2::base
