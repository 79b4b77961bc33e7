#include "xmlrpc/xml_text.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "base/text.hpp"

namespace pulse2::xmlrpc {
namespace {

constexpr std::size_t k_block = 64;

// Without && and ||, whose branches would keep the compiler from vector instructions.
bool is_plain(unsigned char c) noexcept {
  return ((c >= 0x20) | (c == '\t') | (c == '\n') | (c == '\r')) & (c < 0x80);
}

bool needs_no_escape(unsigned char c) noexcept {
  return ((c >= 0x20) | (c == '\t') | (c == '\n')) & (c < 0x80) & (c != '&') & (c != '<') &
         (c != '>');
}

/// Bytes at the start of `text` that all fulfil the predicate. Whole blocks are looked at without a
/// branch per byte, so that the compiler can use vector instructions.
template <bool (*Predicate)(unsigned char) noexcept>
std::size_t run_of(std::string_view text) noexcept {
  std::size_t i = 0;
  for (; i + k_block <= text.size(); i += k_block) {
    const char* block = text.data() + i;
    unsigned char bad = 0;
    for (std::size_t j = 0; j < k_block; ++j) {
      bad = static_cast<unsigned char>(bad | !Predicate(static_cast<unsigned char>(block[j])));
    }
    if (bad != 0) break;
  }
  while (i < text.size() && Predicate(static_cast<unsigned char>(text[i])))
    ++i;
  return i;
}

/// Length of the multi-byte character at the start of `text`, 0 when it is no UTF-8 or U+FFFE/FFFF.
std::size_t wide_character(std::string_view text) noexcept {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  const std::string_view character = text.substr(0, length);
  if (length == 0 || character.size() < length || !base::is_utf8(character)) return 0;
  if (character == "\xEF\xBF\xBE" || character == "\xEF\xBF\xBF") return 0;
  return length;
}

/// The character a reference (without & and ;) stands for, 0 when there is none.
char32_t referred_character(std::string_view name) noexcept {
  if (name == "amp") return '&';
  if (name == "lt") return '<';
  if (name == "gt") return '>';
  if (name == "quot") return '"';
  if (name == "apos") return '\'';
  if (!name.starts_with('#')) return 0;
  const bool hexadecimal = name.starts_with("#x");
  const std::string_view digits = name.substr(hexadecimal ? 2 : 1);
  std::uint32_t code = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, code, hexadecimal ? 16 : 10);
  if (digits.empty() || error != std::errc{} || rest != end || !is_xml_char(code)) return 0;
  return code;
}

}  // namespace

bool is_xml_char(char32_t code_point) noexcept {
  return code_point == '\t' || code_point == '\n' || code_point == '\r' ||
         (code_point >= 0x20 && code_point < 0xD800) ||
         (code_point >= 0xE000 && code_point < 0xFFFE) ||
         (code_point >= 0x10000 && code_point <= 0x10FFFF);
}

std::size_t valid_xml_prefix(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t plain = run_of<is_plain>(text.substr(i));
    i += plain;
    if (i == text.size()) break;
    const std::size_t length = wide_character(text.substr(i));
    if (length == 0) break;
    i += length;
  }
  return i;
}

void append_escaped(std::string& out, std::string_view text) {
  while (true) {
    const std::size_t plain = run_of<needs_no_escape>(text);
    out.append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    std::size_t length = 1;
    switch (text.front()) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\r':
        out += "&#13;";
        break;
      default:
        length = wide_character(text);
        out += length == 0 ? std::string_view("?") : text.substr(0, length);
        length = std::max<std::size_t>(length, 1);
    }
    text.remove_prefix(length);
  }
}

base::Expected<void> append_unescaped(std::string& out, std::string_view raw) {
  constexpr std::size_t k_longest_reference = 40;  // leading zeros are allowed
  while (true) {
    const std::size_t ampersand = raw.find('&');
    append_normalised(out, raw.substr(0, ampersand));
    if (ampersand == std::string_view::npos) return {};
    raw.remove_prefix(ampersand + 1);
    const std::size_t end = raw.substr(0, k_longest_reference).find(';');
    const char32_t character =
        end == std::string_view::npos ? 0 : referred_character(raw.substr(0, end));
    if (character == 0) {
      return base::fail(base::ErrorKind::malformed,
                        "XML: unknown reference &" + base::printable(raw, 20));
    }
    base::append_utf8(out, character);
    raw.remove_prefix(end + 1);
  }
}

void append_normalised(std::string& out, std::string_view raw) {
  while (true) {
    const std::size_t cr = raw.find('\r');
    out += raw.substr(0, cr);
    if (cr == std::string_view::npos) return;
    out += '\n';
    raw.remove_prefix(cr + 1);
    if (raw.starts_with('\n')) raw.remove_prefix(1);
  }
}

}  // namespace pulse2::xmlrpc
