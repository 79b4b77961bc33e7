#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

/// The character level of XML 1.0 that the decoder and the encoder share.
namespace pulse2::xmlrpc {

inline constexpr std::string_view k_xml_space = " \t\r\n";

[[nodiscard]] constexpr bool is_xml_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/// Bytes at the start of `text` that are UTF-8 and characters XML allows; the whole size when all
/// is well. Runs at memory speed over ASCII.
[[nodiscard]] std::size_t valid_xml_prefix(std::string_view text) noexcept;

/// True for the code points of XML's Char production.
[[nodiscard]] bool is_xml_char(char32_t code_point) noexcept;

/// Appends `text` as element content: & < > and CR as references, '?' for what XML cannot carry.
void append_escaped(std::string& out, std::string_view text);

/// Appends raw element content: references resolved, line ends as XML wants them (LF).
/// Errors: `malformed` for any reference but the five entities and code points XML allows.
[[nodiscard]] base::Expected<void> append_unescaped(std::string& out, std::string_view raw);

/// Appends CDATA content: line ends as XML wants them, nothing else changed.
void append_normalised(std::string& out, std::string_view raw);

/// A document ready to parse: UTF-8 without a byte order mark, only characters XML allows.
struct Document {
  std::string_view text;  ///< in the caller's bytes, or in `converted`
  std::string converted;  ///< holds the text when it had to be converted
  [[nodiscard]] bool in_place() const noexcept { return converted.empty(); }
};

/// Finds out the encoding by the byte order mark or the XML declaration (UTF-8 when there is none)
/// and fills `document`, which must not be moved afterwards.
/// Errors: `malformed` for unknown encodings and characters that are invalid in the encoding or in
/// XML; `invalid_argument` when more than `convert_limit` bytes would have to be converted.
[[nodiscard]] base::Expected<void> prepare_document(std::string_view body,
                                                    std::size_t convert_limit, Document& document);

}  // namespace pulse2::xmlrpc
