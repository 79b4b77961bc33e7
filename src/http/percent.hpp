#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace pulse2::http {

/// The bytes of a percent-encoded path. A `%` without two hexadecimal digits stays as it is.
/// Errors: `invalid_argument` for %00, `not_found` for %2F: a slash inside a name names no file.
[[nodiscard]] base::Expected<std::string> decode_path(std::string_view path);

/// Every byte other than `A-Z a-z 0-9 _ . - /` as %XX (contract 03): safe in URLs and in shells.
[[nodiscard]] std::string encode_path(std::string_view path);

/// A decoded absolute path without `.` components and without repeated slashes; a trailing slash
/// stays. Errors: `not_found` for a component `..`, which never leads to a parent here.
[[nodiscard]] base::Expected<std::string> normalize_path(std::string_view path);

}  // namespace pulse2::http
