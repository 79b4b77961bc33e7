#include "base/base64.hpp"

#include <array>
#include <cstdint>

namespace pulse2::base {
namespace {

constexpr std::string_view k_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::int8_t k_invalid = -1;
constexpr std::int8_t k_skip = -2;
constexpr std::int8_t k_pad = -3;

constexpr std::array<std::int8_t, 256> make_table() {
  std::array<std::int8_t, 256> table{};
  for (auto& entry : table)
    entry = k_invalid;
  for (std::size_t i = 0; i < k_alphabet.size(); ++i) {
    table[static_cast<unsigned char>(k_alphabet[i])] = static_cast<std::int8_t>(i);
  }
  for (const char c : {' ', '\t', '\r', '\n', '\f', '\v'}) {
    table[static_cast<unsigned char>(c)] = k_skip;
  }
  table[static_cast<unsigned char>('=')] = k_pad;
  return table;
}

constexpr std::array<std::int8_t, 256> k_table = make_table();

int symbol(char c) noexcept {
  return k_table[static_cast<unsigned char>(c)];
}

/// Decodes whole groups of four plain symbols to `to`, the bulk of any upload; returns what it
/// consumed and moves `to` on.
std::size_t decode_plain_groups(std::string_view part, char*& to) noexcept {
  std::size_t i = 0;
  for (; i + 4 <= part.size(); i += 4) {
    const int a = symbol(part[i]);
    const int b = symbol(part[i + 1]);
    const int c = symbol(part[i + 2]);
    const int d = symbol(part[i + 3]);
    if ((a | b | c | d) < 0) break;
    *to++ = static_cast<char>(a << 2 | b >> 4);
    *to++ = static_cast<char>(b << 4 | c >> 2);
    *to++ = static_cast<char>(c << 6 | d);
  }
  return i;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t j) -> unsigned {
      return i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U;
    };
    const unsigned group = byte(0) << 16 | byte(1) << 8 | byte(2);
    text += k_alphabet[group >> 18];
    text += k_alphabet[group >> 12 & 63];
    text += i + 1 < bytes.size() ? k_alphabet[group >> 6 & 63] : '=';
    text += i + 2 < bytes.size() ? k_alphabet[group & 63] : '=';
  }
  return text;
}

Expected<void> Base64Decoder::feed(std::string_view part, std::string& out) {
  // Room for all of it at once: texts with line breaks come in thousands of short runs.
  const std::size_t before = out.size();
  out.resize(before + (m_symbols + part.size()) / 4 * 3);
  char* to = out.data() + before;
  auto decoded = decode(part, to);
  out.resize(static_cast<std::size_t>(to - out.data()));
  return decoded;
}

Expected<void> Base64Decoder::decode(std::string_view part, char*& to) {
  while (!part.empty()) {
    if (m_symbols == 0 && !m_ended) {
      part.remove_prefix(decode_plain_groups(part, to));
      if (part.empty()) break;
    }
    const char c = part.front();
    part.remove_prefix(1);
    const int value = symbol(c);
    if (value == k_skip) continue;
    if (value == k_invalid) return fail(ErrorKind::malformed, "base64: invalid character");
    if (m_ended) return fail(ErrorKind::malformed, "base64: data after the padding");
    if (value == k_pad) {
      if (m_symbols < 2) return fail(ErrorKind::malformed, "base64: padding in a wrong place");
      ++m_padding;
    } else {
      if (m_padding > 0) return fail(ErrorKind::malformed, "base64: data after the padding");
      m_bits = (m_bits << 6 | static_cast<unsigned>(value)) & 0xFFFFFFU;
    }
    if (++m_symbols < 4) continue;
    end_group(to);
  }
  return {};
}

void Base64Decoder::end_group(char*& to) noexcept {
  const unsigned group = m_bits << (6 * m_padding);
  *to++ = static_cast<char>(group >> 16 & 255U);
  if (m_padding < 2) *to++ = static_cast<char>(group >> 8 & 255U);
  if (m_padding < 1) *to++ = static_cast<char>(group & 255U);
  m_ended = m_padding > 0;
  m_symbols = 0;
  m_bits = 0;
  m_padding = 0;
}

Expected<void> Base64Decoder::finish() const {
  if (m_symbols != 0) return fail(ErrorKind::malformed, "base64: the text ends within a group");
  return {};
}

Expected<std::string> base64_decode(std::string_view text) {
  std::string bytes;
  Base64Decoder decoder;
  PULSE2_TRY(decoder.feed(text, bytes));
  PULSE2_TRY(decoder.finish());
  return bytes;
}

}  // namespace pulse2::base
