#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Small text tools. All work on bytes; "white space" and case are ASCII, independent of the
/// locale.
namespace pulse2::base {

[[nodiscard]] std::string_view trim(std::string_view text) noexcept;
[[nodiscard]] std::string to_lower(std::string_view text);
[[nodiscard]] std::string to_upper(std::string_view text);
[[nodiscard]] bool iequals(std::string_view a, std::string_view b) noexcept;

/// Parts between separators, empty ones included: split("a,,b", ',') has three.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);
/// What stands before and after the last separator: {"", text} without one.
[[nodiscard]] std::pair<std::string_view, std::string_view> split_last(std::string_view text,
                                                                       char separator) noexcept;
/// Parts between runs of white space, never empty ones.
[[nodiscard]] std::vector<std::string_view> split_words(std::string_view text);

template <class Range>
[[nodiscard]] std::string join(const Range& parts, std::string_view separator) {
  std::string joined;
  bool first = true;
  for (const auto& part : parts) {
    if (!first) joined += separator;
    first = false;
    joined += part;
  }
  return joined;
}

/// The whole text as a decimal number (sign allowed for signed types); nothing when any other
/// character stands in it or it is out of range.
template <class Integer>
[[nodiscard]] std::optional<Integer> parse_integer(std::string_view text) noexcept {
  Integer value{};
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end || text.empty()) return std::nullopt;
  return value;
}

/// True when the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms).
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;
/// Appends a code point (≤ U+10FFFF) in UTF-8.
void append_utf8(std::string& out, char32_t code_point);
/// ISO 8859-1 bytes as UTF-8.
[[nodiscard]] std::string latin1_to_utf8(std::string_view bytes);

/// The text with all that could break a line or a terminal escaped (\n, \x1b…), cut at `limit`
/// bytes with "…": for log lines and error messages that quote what a client sent.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

/// `&`, `<`, `>`, `"` and `'` replaced by HTML (and XML) references.
[[nodiscard]] std::string escape_html(std::string_view text);

/// 1536 -> "1.5 KiB": binary units, `%.0f B` below 1024, one decimal above (contract 06).
[[nodiscard]] std::string human_size(double bytes);

/// The known name nearest to `name` by edit distance, nothing when none is near (more than
/// two letters and a third of it away).
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view name,
                                                      const std::vector<std::string_view>& known);

}  // namespace pulse2::base
