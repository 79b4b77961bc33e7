#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace pulse2::http {

/// What a request line asks for.
struct Target {
  std::string path;       ///< decoded and normalized, begins with a slash; "*" for `OPTIONS *`
  std::string query;      ///< as sent, without the question mark
  std::string authority;  ///< host and port of an absolute URL, else empty
};

/// Reads a request target in origin form (`/path?query`), absolute form (`http://host/path`) or
/// asterisk form (RFC 9112 §3.2). Errors: `invalid_argument` (400) for any other form, control
/// characters, spaces or %00; `not_found` (404) where decode_path and normalize_path say so.
[[nodiscard]] base::Expected<Target> parse_target(std::string_view target);

}  // namespace pulse2::http
