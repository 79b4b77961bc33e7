#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

/// What a log line is made of, as `format` of a logging formatter describes it (contract 02).
namespace pulse2::config {

enum class LineField {
  text,
  asctime,
  levelname,
  levelno,
  name,
  message,
  process,
  thread,
  created,
  msecs
};

/// One piece of a line: fixed text, or a field with its printf-like layout.
struct LinePiece {
  LineField field = LineField::text;
  std::string text;    ///< of LineField::text
  bool left = false;   ///< `-`: filled up on the right
  bool zeros = false;  ///< `0`: numbers are filled up with zeros
  int width = 0;       ///< least number of characters
  int precision = -1;  ///< most characters of a text, digits after the point of `f`; -1: not given
  char conversion = 's';  ///< s, d or f
  bool operator==(const LinePiece&) const = default;
};

/// Splits a Python %-format such as `%(asctime)s %(levelname)-8s %(message)s` into its pieces.
/// Errors: `malformed` for an unknown field, a conversion that does not fit the field, a lone `%`,
/// a width or precision above 200.
[[nodiscard]] base::Expected<std::vector<LinePiece>> compile_line_format(std::string_view format);

}  // namespace pulse2::config
