#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pulse2::base {

/// The hardware address of a network card.
class Mac {
 public:
  using Bytes = std::array<std::uint8_t, 6>;

  Mac() = default;
  explicit Mac(const Bytes& bytes) : m_bytes(bytes) {}

  /// Understands `00:11:22:aa:bb:cc`, `00-11-22-aa-bb-cc`, `0011.22aa.bbcc` and `001122aabbcc`,
  /// digits in either case (contract 06). Nothing for any other text.
  [[nodiscard]] static std::optional<Mac> parse(std::string_view text);

  /// `00:11:22:AA:BB:CC`: how addresses are stored and told.
  [[nodiscard]] std::string text() const;
  /// `001122AABBCC`: how files are named.
  [[nodiscard]] std::string reduced() const;
  [[nodiscard]] const Bytes& bytes() const noexcept { return m_bytes; }

  auto operator<=>(const Mac&) const = default;

 private:
  Bytes m_bytes{};
};

}  // namespace pulse2::base
