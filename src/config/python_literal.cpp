#include "config/python_literal.hpp"

#include <optional>
#include <utility>

#include "base/text.hpp"

namespace pulse2::config {
namespace {

using base::ErrorKind;
using base::Expected;
using base::fail;

constexpr std::size_t k_longest_text = 4096;
constexpr int k_deepest = 4;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

std::optional<int> hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

/// The character that a one-letter escape stands for.
std::optional<char> simple_escape(char letter) {
  constexpr std::string_view k_letters = "\\'\"abfnrtv";
  constexpr std::string_view k_meant = "\\'\"\a\b\f\n\r\t\v";
  const std::size_t at = k_letters.find(letter);
  if (at == std::string_view::npos) return std::nullopt;
  return k_meant[at];
}

class Parser {
 public:
  explicit Parser(std::string_view text) : m_text(text) {}

  Expected<std::vector<Literal>> parse() {
    skip_space();
    auto value = read_value(0);
    if (!value) return tl::unexpected(std::move(value).error());
    skip_space();
    auto* items = std::get_if<std::vector<Literal>>(&value->value);
    if (items == nullptr || m_at != m_text.size())
      return malformed("a tuple such as ('file', 'a')");
    return std::move(*items);
  }

 private:
  [[nodiscard]] tl::unexpected<base::Error> malformed(std::string_view expected) const {
    return fail(ErrorKind::malformed,
                std::string(expected) + " at character " + std::to_string(m_at + 1));
  }

  [[nodiscard]] char peek() const { return m_at < m_text.size() ? m_text[m_at] : '\0'; }

  void skip_space() {
    while (m_at < m_text.size()) {
      if (m_text[m_at] == '#') {
        m_at = std::min(m_text.find('\n', m_at), m_text.size());
      } else if (is_space(m_text[m_at])) {
        ++m_at;
      } else {
        return;
      }
    }
  }

  [[nodiscard]] bool at_string() const {
    if (peek() == '\'' || peek() == '"') return true;
    const char next = m_at + 1 < m_text.size() ? m_text[m_at + 1] : '\0';
    constexpr std::string_view k_prefixes = "urbURB";
    return k_prefixes.find(peek()) != std::string_view::npos && (next == '\'' || next == '"');
  }

  Expected<Literal> read_value(int depth) {
    if (peek() == '(') return read_parentheses(depth);
    if (at_string()) return read_strings();
    if (is_digit(peek()) || peek() == '-' || peek() == '+') return read_number();
    if (is_name_start(peek())) return read_name();
    return malformed("a string, a number, a name or a tuple");
  }

  /// `()` and `(a,)` are tuples, `(a)` is `a`.
  Expected<Literal> read_parentheses(int depth) {
    if (depth >= k_deepest) return fail(ErrorKind::limit_exceeded, "at most four levels of tuples");
    ++m_at;
    std::vector<Literal> items;
    bool tuple = true;
    for (skip_space(); peek() != ')'; skip_space()) {
      auto item = read_value(depth + 1);
      if (!item) return item;
      items.push_back(*std::move(item));
      skip_space();
      tuple = peek() == ',';
      if (tuple) {
        ++m_at;
      } else if (peek() != ')') {
        return malformed("`,` or `)`");
      }
    }
    ++m_at;
    if (items.size() == 1 && !tuple) return std::move(items.front());
    return Literal{std::move(items)};
  }

  Expected<Literal> read_strings() {
    std::string joined;
    while (at_string()) {
      PULSE2_TRY(read_string(joined));
      skip_space();
    }
    return Literal{std::move(joined)};
  }

  Expected<void> read_string(std::string& out) {
    bool raw = false;
    if (peek() != '\'' && peek() != '"') {
      raw = peek() == 'r' || peek() == 'R';
      ++m_at;
    }
    const char quote = peek();
    for (++m_at; peek() != quote;) {
      if (m_at >= m_text.size() || peek() == '\n') return malformed("the end of the string");
      if (peek() != '\\' || m_at + 1 >= m_text.size()) {
        out += m_text[m_at++];
      } else if (raw) {
        out += m_text.substr(m_at, 2);
        m_at += 2;
      } else {
        PULSE2_TRY(read_escape(out));
      }
    }
    ++m_at;
    return {};
  }

  Expected<void> read_escape(std::string& out) {
    const char letter = m_text[m_at + 1];
    if (letter == 'x') return read_hex_escape(out);
    if (const auto meant = simple_escape(letter)) {
      out += *meant;
    } else {
      // As Python: an unknown escape stays as written.
      out += '\\';
      out += letter;
    }
    m_at += 2;
    return {};
  }

  Expected<void> read_hex_escape(std::string& out) {
    const std::string_view digits = m_text.substr(std::min(m_at + 2, m_text.size()), 2);
    const auto high = digits.size() == 2 ? hex_digit(digits[0]) : std::nullopt;
    const auto low = digits.size() == 2 ? hex_digit(digits[1]) : std::nullopt;
    if (!high || !low) return malformed("two hexadecimal digits after \\x");
    out += static_cast<char>(*high * 16 + *low);
    m_at += 4;
    return {};
  }

  Expected<Literal> read_number() {
    const std::size_t begin = peek() == '+' ? ++m_at : m_at;
    if (peek() == '-') ++m_at;
    while (is_digit(peek()))
      ++m_at;
    const auto number = base::parse_integer<std::int64_t>(m_text.substr(begin, m_at - begin));
    if (!number || is_name_start(peek()) || peek() == '.') return malformed("a whole number");
    return Literal{*number};
  }

  Expected<Literal> read_name() {
    const std::size_t begin = m_at;
    while (is_name_start(peek()) || is_digit(peek()) || peek() == '.')
      ++m_at;
    LiteralName name{std::string(m_text.substr(begin, m_at - begin))};
    skip_space();
    if (peek() == '=') return malformed("a value without a keyword");
    return Literal{std::move(name)};
  }

  std::string_view m_text;
  std::size_t m_at = 0;
};

}  // namespace

Expected<std::vector<Literal>> parse_tuple(std::string_view text) {
  if (text.size() > k_longest_text) {
    return fail(ErrorKind::limit_exceeded, "at most 4096 characters");
  }
  return Parser(text).parse();
}

}  // namespace pulse2::config
