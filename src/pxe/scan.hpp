#pragma once

#include <charconv>
#include <string_view>

namespace pulse2::pxe {

/// Reads one line from left to right. After the first mismatch nothing matches any more, so a line
/// is read by a chain of calls and one look at complete() or ok() at its end.
class Scan {
 public:
  explicit Scan(std::string_view text) noexcept : m_rest(text) {}

  /// Takes these characters.
  Scan& literal(std::string_view text) noexcept {
    m_ok = m_ok && m_rest.starts_with(text);
    if (m_ok) m_rest.remove_prefix(text.size());
    return *this;
  }

  /// Takes a number without sign that fits `value`.
  template <class Unsigned>
  Scan& number(Unsigned& value, int base = 10) noexcept {
    if (!m_ok) return *this;
    const char* end = m_rest.data() + m_rest.size();
    const auto [rest, error] = std::from_chars(m_rest.data(), end, value, base);
    m_ok = error == std::errc{};
    if (m_ok) m_rest.remove_prefix(static_cast<std::size_t>(rest - m_rest.data()));
    return *this;
  }

  /// Takes what stands before `separator`, and the separator.
  Scan& until(char separator, std::string_view& text) noexcept {
    if (!m_ok) return *this;
    const std::size_t at = m_rest.find(separator);
    m_ok = at != std::string_view::npos;
    if (m_ok) {
      text = m_rest.substr(0, at);
      m_rest.remove_prefix(at + 1);
    }
    return *this;
  }

  [[nodiscard]] bool ok() const noexcept { return m_ok; }
  /// Everything matched and nothing is left.
  [[nodiscard]] bool complete() const noexcept { return m_ok && m_rest.empty(); }
  [[nodiscard]] std::string_view rest() const noexcept { return m_rest; }

 private:
  std::string_view m_rest;
  bool m_ok = true;
};

}  // namespace pulse2::pxe
