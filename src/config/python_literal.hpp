#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"

/// The part of Python's syntax that `args` of a logging handler is written in (contract 02).
namespace pulse2::config {

struct Literal;

/// A name such as `sys.stdout`, `None` or `handlers.SysLogHandler.LOG_DAEMON`; nothing is looked
/// up.
struct LiteralName {
  std::string text;
  bool operator==(const LiteralName&) const = default;
};

/// A value that stands in the file; nothing is evaluated.
struct Literal {
  std::variant<std::int64_t, std::string, LiteralName, std::vector<Literal>> value;
  bool operator==(const Literal&) const = default;
};

/// Reads a tuple: `('a', 1, ("b", 2), sys.stderr)`. Strings may have a prefix `u`, `r` or `b` and
/// Python's escapes, and neighbours are joined; a comment after `#` ends the line. Errors:
/// `malformed` for anything else (keywords, calls, operators, `('a')` which is no tuple),
/// `limit_exceeded` beyond 4096 bytes or four levels.
[[nodiscard]] base::Expected<std::vector<Literal>> parse_tuple(std::string_view text);

}  // namespace pulse2::config
