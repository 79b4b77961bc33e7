#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pulse2::http {

/// `Sun, 06 Nov 1994 08:49:37 GMT`, from seconds since 1970. Times outside the years
/// 0 to 9999 become the nearest that is inside.
[[nodiscard]] std::string format_date(std::int64_t seconds);

/// Seconds since 1970 of an HTTP-date in any of its three forms (RFC 9110 §5.6.7): IMF-fixdate,
/// RFC 850 and asctime. Nothing when the text is none of them or no such day exists. Two-digit
/// years below 70 are of this century, the others of the last.
[[nodiscard]] std::optional<std::int64_t> parse_date(std::string_view text) noexcept;

}  // namespace pulse2::http
