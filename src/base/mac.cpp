#include "base/mac.hpp"

namespace pulse2::base {
namespace {

constexpr std::size_t k_digits = 12;
constexpr std::string_view k_hex = "0123456789ABCDEF";

std::optional<std::uint8_t> digit_value(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<std::uint8_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

/// The digits of a text in which `separator` stands between groups of `group` digits.
std::optional<std::string> digits_of(std::string_view text, char separator, std::size_t group) {
  const std::size_t groups = k_digits / group;
  if (text.size() != k_digits + groups - 1) return std::nullopt;
  std::string digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_place = i % (group + 1) == group;
    if (is_place != (text[i] == separator)) return std::nullopt;
    if (!is_place) digits += text[i];
  }
  return digits;
}

std::optional<std::string> digits_of(std::string_view text) {
  if (text.size() == k_digits) return std::string(text);
  if (auto digits = digits_of(text, ':', 2)) return digits;
  if (auto digits = digits_of(text, '-', 2)) return digits;
  return digits_of(text, '.', 4);
}

void append_byte(std::string& out, std::uint8_t byte) {
  out += k_hex[byte >> 4U];
  out += k_hex[byte & 0xFU];
}

}  // namespace

std::optional<Mac> Mac::parse(std::string_view text) {
  const auto digits = digits_of(text);
  if (!digits) return std::nullopt;
  Mac mac;
  for (std::size_t i = 0; i < mac.m_bytes.size(); ++i) {
    const auto high = digit_value((*digits)[2 * i]);
    const auto low = digit_value((*digits)[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    mac.m_bytes[i] = static_cast<std::uint8_t>(*high * 16 + *low);
  }
  return mac;
}

std::string Mac::text() const {
  std::string text;
  for (const std::uint8_t byte : m_bytes) {
    if (!text.empty()) text += ':';
    append_byte(text, byte);
  }
  return text;
}

std::string Mac::reduced() const {
  std::string text;
  for (const std::uint8_t byte : m_bytes)
    append_byte(text, byte);
  return text;
}

}  // namespace pulse2::base
