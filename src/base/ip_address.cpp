#include "base/ip_address.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace pulse2::base {
namespace {

constexpr std::size_t k_v4_at = 12;  // where the IPv4 address begins in ::ffff:a.b.c.d
constexpr std::array<std::uint8_t, k_v4_at> k_v4_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) noexcept {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto dot = i + 1 < bytes.size() ? text.find('.') : text.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const auto digits = text.substr(0, dot);
    const auto value = parse_integer<std::uint8_t>(digits);
    // A zero in front means octal to some and decimal to others.
    if (!value || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
    bytes.at(i) = *value;
    text.remove_prefix(std::min(dot + 1, text.size()));
  }
  return bytes;
}

/// Groups on one side of `::`, or of a whole address.
struct Groups {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;

  bool add(std::uint8_t byte) noexcept {
    if (size == bytes.size()) return false;
    bytes.at(size++) = byte;
    return true;
  }
};

bool add_group(Groups& groups, std::string_view text) noexcept {
  unsigned value = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value, 16);
  if (text.empty() || text.size() > 4 || error != std::errc{} || rest != end) return false;
  return groups.add(static_cast<std::uint8_t>(value >> 8)) &&
         groups.add(static_cast<std::uint8_t>(value & 0xff));
}

/// `a:b:c` or `a:b:192.0.2.1`; empty text has no groups.
bool add_groups(Groups& groups, std::string_view text, bool may_end_in_v4) noexcept {
  while (!text.empty()) {
    const auto colon = text.find(':');
    const auto group = text.substr(0, colon);
    if (colon == std::string_view::npos && may_end_in_v4 && group.find('.') != colon) {
      const auto v4 = parse_v4(group);
      return v4 && std::all_of(v4->begin(), v4->end(), [&](auto byte) { return groups.add(byte); });
    }
    if (!add_group(groups, group)) return false;
    if (colon == std::string_view::npos) return true;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;
  }
  return true;
}

std::optional<IpAddress> parse_v6(std::string_view text) noexcept {
  const auto gap = text.find("::");
  const bool has_gap = gap != std::string_view::npos;
  Groups front;
  Groups back;
  if (!add_groups(front, text.substr(0, gap), !has_gap)) return std::nullopt;
  if (has_gap && !add_groups(back, text.substr(gap + 2), true)) return std::nullopt;
  const std::size_t size = front.size + back.size;
  if (has_gap ? size > 14 : size != 16) return std::nullopt;
  IpAddress address;
  std::copy_n(front.bytes.begin(), front.size, address.bytes.begin());
  std::copy_n(back.bytes.begin(), back.size,
              address.bytes.end() - static_cast<std::ptrdiff_t>(back.size));
  return address;
}

/// Where the longest run of at least two zero groups lies; the first of several.
struct ZeroRun {
  std::size_t begin = 8;
  std::size_t size = 0;
};

ZeroRun longest_zero_run(const std::array<unsigned, 8>& groups) noexcept {
  ZeroRun longest;
  for (std::size_t begin = 0; begin < groups.size(); ++begin) {
    std::size_t end = begin;
    while (end < groups.size() && groups.at(end) == 0)
      ++end;
    if (end - begin > std::max<std::size_t>(longest.size, 1)) longest = {begin, end - begin};
  }
  return longest;
}

std::string v6_text(const std::array<std::uint8_t, 16>& bytes) {
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups.at(i) = bytes.at(2 * i) * 256U + bytes.at(2 * i + 1);
  const ZeroRun zeros = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (i == zeros.begin) {
      text += "::";
      i += zeros.size - 1;
      continue;
    }
    if (!text.empty() && !text.ends_with(':')) text += ':';
    std::array<char, 4> digits{};
    const auto end =
        std::to_chars(digits.data(), digits.data() + digits.size(), groups.at(i), 16).ptr;
    text.append(digits.data(), end);
  }
  return text;
}

}  // namespace

IpAddress IpAddress::v4(const std::array<std::uint8_t, 4>& bytes) noexcept {
  IpAddress address;
  std::copy(k_v4_prefix.begin(), k_v4_prefix.end(), address.bytes.begin());
  std::copy(bytes.begin(), bytes.end(), address.bytes.begin() + k_v4_at);
  return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  if (text.find(':') != std::string_view::npos) return parse_v6(text);
  const auto bytes = parse_v4(text);
  if (!bytes) return std::nullopt;
  return v4(*bytes);
}

std::string IpAddress::to_text() const {
  if (!is_v4()) return v6_text(bytes);
  std::string text;
  for (std::size_t i = k_v4_at; i < bytes.size(); ++i)
    text += (i == k_v4_at ? "" : ".") + std::to_string(bytes.at(i));
  return text;
}

bool IpAddress::is_v4() const noexcept {
  return std::equal(k_v4_prefix.begin(), k_v4_prefix.end(), bytes.begin());
}

bool IpAddress::is_link_local() const noexcept {
  return bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80;
}

IpAddress IpAddress::masked(unsigned bits) const noexcept {
  IpAddress result;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::min(bits, 8U);
    result.bytes.at(i) = static_cast<std::uint8_t>(bytes.at(i) & (0xff00U >> kept));
    bits -= kept;
  }
  return result;
}

}  // namespace pulse2::base
