#include "bootmenu/code_page_437.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace pulse2::bootmenu {
namespace {

constexpr char32_t k_not_a_character = 0xFFFD;

/// What the bytes from 0x80 on stand for.
constexpr std::array<char16_t, 128> k_upper_half = {
    0x00C7, 0x00FC, 0x00E9, 0x00E2, 0x00E4, 0x00E0, 0x00E5, 0x00E7,  //
    0x00EA, 0x00EB, 0x00E8, 0x00EF, 0x00EE, 0x00EC, 0x00C4, 0x00C5,  //
    0x00C9, 0x00E6, 0x00C6, 0x00F4, 0x00F6, 0x00F2, 0x00FB, 0x00F9,  //
    0x00FF, 0x00D6, 0x00DC, 0x00A2, 0x00A3, 0x00A5, 0x20A7, 0x0192,  //
    0x00E1, 0x00ED, 0x00F3, 0x00FA, 0x00F1, 0x00D1, 0x00AA, 0x00BA,  //
    0x00BF, 0x2310, 0x00AC, 0x00BD, 0x00BC, 0x00A1, 0x00AB, 0x00BB,  //
    0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556,  //
    0x2555, 0x2563, 0x2551, 0x2557, 0x255D, 0x255C, 0x255B, 0x2510,  //
    0x2514, 0x2534, 0x252C, 0x251C, 0x2500, 0x253C, 0x255E, 0x255F,  //
    0x255A, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256C, 0x2567,  //
    0x2568, 0x2564, 0x2565, 0x2559, 0x2558, 0x2552, 0x2553, 0x256B,  //
    0x256A, 0x2518, 0x250C, 0x2588, 0x2584, 0x258C, 0x2590, 0x2580,  //
    0x03B1, 0x00DF, 0x0393, 0x03C0, 0x03A3, 0x03C3, 0x00B5, 0x03C4,  //
    0x03A6, 0x0398, 0x03A9, 0x03B4, 0x221E, 0x03C6, 0x03B5, 0x2229,  //
    0x2261, 0x00B1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00F7, 0x2248,  //
    0x00B0, 0x2219, 0x00B7, 0x221A, 0x207F, 0x00B2, 0x25A0, 0x00A0};

/// The letters of a stretch of Unicode without what stands above, below or through them.
struct BareLetters {
  char32_t first;
  std::string_view letters;  ///< '?' for what is no such letter
};

constexpr std::array<BareLetters, 3> k_bare_letters = {{
    {0x00C0,
     "AAAAAA?CEEEEIIIIDNOOOOO?OUUUUY??aaaaaa?ceeeeiiiidnooooo?ouuuuy?y"
     "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi??JjKkkLlLlLl?"
     "?LlNnNnNn???OoOoOo??RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"},
    {0x01CD,
     "AaIiOoUuUuUuUuUu?AaAa????GgKkOoOo??j???Gg??NnAa????AaAaEeEeIiIiO"
     "oOoRrRrUuUuSsTt??Hh??????AaEeOoOoOoOoYy"},
    {0x1E00,
     "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
     "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
     "WwWwWwWwWwXxXxYyZzZzZzhtwy?s????AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
     "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy??????"},
}};

std::string_view plain_punctuation(char32_t c) {
  switch (c) {
    case 0x2018:
    case 0x2019:
      return "'";
    case 0x201C:
    case 0x201D:
      return "\"";
    case 0x2010:
    case 0x2011:
    case 0x2013:
    case 0x2014:
      return "-";
    case 0x2026:
      return "...";
    case 0x202F:
      return " ";
    case 0x0152:
      return "OE";
    case 0x0153:
      return "oe";
    default:
      return {};
  }
}

char bare_letter(char32_t c) {
  for (const auto& [first, letters] : k_bare_letters) {
    if (c >= first && c - first < letters.size()) return letters[c - first];
  }
  return '?';
}

bool is_combining_mark(char32_t c) {
  return c >= 0x0300 && c <= 0x036F;
}

/// Takes one character from the front; k_not_a_character for a byte that begins none.
char32_t take_character(std::string_view& utf8) {
  const auto lead = static_cast<std::uint8_t>(utf8.front());
  utf8.remove_prefix(1);
  if (lead < 0x80) return lead;
  const std::size_t more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
  if (lead < 0xC2 || lead > 0xF4 || utf8.size() < more) return k_not_a_character;
  char32_t c = lead & (0x3FU >> more);
  for (std::size_t i = 0; i < more; ++i) {
    const auto next = static_cast<std::uint8_t>(utf8[i]);
    if ((next & 0xC0U) != 0x80) return k_not_a_character;
    c = c << 6U | (next & 0x3FU);
  }
  utf8.remove_prefix(more);
  return c;
}

void append_character(std::string& out, char32_t c) {
  if (c < 0x80) {
    const bool shown = c >= 0x20 && c != 0x7F;
    out += shown || c == '\n' || c == '\t' ? static_cast<char>(c) : '?';
    return;
  }
  const auto* const place = std::find(k_upper_half.begin(), k_upper_half.end(), c);
  if (place != k_upper_half.end()) {
    out += static_cast<char>(0x80 + (place - k_upper_half.begin()));
  } else if (const auto plain = plain_punctuation(c); !plain.empty()) {
    out += plain;
  } else if (!is_combining_mark(c)) {
    out += bare_letter(c);
  }
}

}  // namespace

std::string to_code_page_437(std::string_view utf8) {
  std::string out;
  out.reserve(utf8.size());
  while (!utf8.empty())
    append_character(out, take_character(utf8));
  return out;
}

}  // namespace pulse2::bootmenu
