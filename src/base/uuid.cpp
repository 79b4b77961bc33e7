#include "base/uuid.hpp"

#include <algorithm>
#include <array>

#include "base/hash.hpp"

namespace pulse2::base {
namespace {

constexpr std::string_view k_form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
constexpr std::string_view k_counted_prefix = "UUID";
constexpr std::size_t k_longest_number = 18;  // digits of any number that fits 64 bits

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_counted(std::string_view text) {
  if (!text.starts_with(k_counted_prefix)) return false;
  const auto number = text.substr(k_counted_prefix.size());
  return !number.empty() && number.size() <= k_longest_number && number.front() != '0' &&
         std::all_of(number.begin(), number.end(), is_digit);
}

}  // namespace

bool is_standard_uuid(std::string_view text) noexcept {
  if (text.size() != k_form.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (k_form[i] == '-' ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_uuid(std::string_view text) noexcept {
  return is_standard_uuid(text) || is_counted(text);
}

std::string uuid_version_1(std::uint64_t ticks, std::uint16_t clock_sequence, const Mac& node) {
  constexpr std::uint64_t k_version = 1;
  std::array<unsigned char, 16> bytes{};
  const auto put = [&bytes](std::size_t at, std::size_t count, std::uint64_t value) {
    for (std::size_t i = 0; i < count; ++i)
      bytes[at + i] = static_cast<unsigned char>(value >> 8U * (count - 1 - i));
  };
  put(0, 4, ticks);
  put(4, 2, ticks >> 32U);
  put(6, 2, (ticks >> 48U & 0x0FFFU) | k_version << 12U);
  put(8, 2, (clock_sequence & 0x3FFFU) | 0x8000U);
  std::copy(node.bytes().begin(), node.bytes().end(), bytes.begin() + 10);
  std::string text = to_hex(bytes);
  for (const std::size_t dash : {8U, 13U, 18U, 23U})
    text.insert(dash, 1, '-');
  return text;
}

std::uint64_t uuid_ticks(std::int64_t unix_nanoseconds) noexcept {
  constexpr std::int64_t k_ticks_to_1970 = 0x01B21DD213814000;
  return static_cast<std::uint64_t>(unix_nanoseconds / 100 + k_ticks_to_1970);
}

}  // namespace pulse2::base
