#pragma once

#include <optional>
#include <string>
#include <string_view>

/// The texts of pickles, as Python 2 writes them.
namespace pulse2::base {

/// The bytes of a literal as repr() of a byte string writes it, quotes included. Nothing without
/// quotes or with a broken escape.
[[nodiscard]] std::optional<std::string> unquoted_text(std::string_view literal);

/// UTF-8 of a raw Unicode escape: ISO 8859-1 with \uXXXX and \UXXXXXXXX for the rest. Nothing for
/// a broken escape or what is no Unicode.
[[nodiscard]] std::optional<std::string> decoded_unicode(std::string_view text);

}  // namespace pulse2::base
