#include "base/pickle_text.hpp"

#include <charconv>
#include <cstdint>

#include "base/text.hpp"

namespace pulse2::base {
namespace {

constexpr char32_t k_largest = 0x10FFFF;

/// The number that the first `count` characters write; takes them from the front.
std::optional<char32_t> take_hex(std::string_view& text, std::size_t count) {
  std::uint32_t value = 0;
  if (text.size() < count) return std::nullopt;
  const char* end = text.data() + count;
  const auto [rest, error] = std::from_chars(text.data(), end, value, 16);
  if (error != std::errc{} || rest != end) return std::nullopt;
  text.remove_prefix(count);
  return value;
}

char take_byte(std::string_view& text) {
  const char byte = text.front();
  text.remove_prefix(1);
  return byte;
}

/// What follows a backslash.
std::optional<char> take_escaped(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  switch (const char letter = take_byte(text)) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case '\\':
    case '\'':
    case '"':
      return letter;
    case 'x':
      if (const auto code = take_hex(text, 2)) return static_cast<char>(*code);
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<char32_t> take_character(std::string_view& text) {
  const std::size_t digits = text.starts_with("\\u") ? 4 : text.starts_with("\\U") ? 8 : 0;
  if (digits == 0) return static_cast<unsigned char>(take_byte(text));
  text.remove_prefix(2);
  return take_hex(text, digits);
}

bool is_high_surrogate(char32_t c) {
  return c >= 0xD800 && c <= 0xDBFF;
}

bool is_low_surrogate(char32_t c) {
  return c >= 0xDC00 && c <= 0xDFFF;
}

}  // namespace

std::optional<std::string> unquoted_text(std::string_view literal) {
  if (literal.size() < 2 || literal.front() != literal.back()) return std::nullopt;
  if (literal.front() != '\'' && literal.front() != '"') return std::nullopt;
  std::string_view text = literal.substr(1, literal.size() - 2);
  std::string bytes;
  while (!text.empty()) {
    const char byte = take_byte(text);
    const auto value = byte == '\\' ? take_escaped(text) : byte;
    if (!value) return std::nullopt;
    bytes += *value;
  }
  return bytes;
}

std::optional<std::string> decoded_unicode(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    auto character = take_character(text);
    if (!character) return std::nullopt;
    // Narrow builds of Python wrote characters beyond 16 bits as two.
    if (is_high_surrogate(*character)) {
      const auto low = text.empty() ? std::nullopt : take_character(text);
      if (!low || !is_low_surrogate(*low)) return std::nullopt;
      character = 0x10000 + ((*character - 0xD800) << 10U) + (*low - 0xDC00);
    } else if (is_low_surrogate(*character) || *character > k_largest) {
      return std::nullopt;
    }
    append_utf8(out, *character);
  }
  return out;
}

}  // namespace pulse2::base
