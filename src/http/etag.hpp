#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pulse2::http {

/// A strong entity tag, quotes included, that changes with the size in bytes, the modification
/// time in nanoseconds since 1970 and the inode number of a file.
[[nodiscard]] std::string make_etag(std::uint64_t size, std::int64_t mtime_ns, std::uint64_t inode);

/// Strong comparison of RFC 9110 §8.8.3.2: equal, and neither is weak (`W/"…"`).
[[nodiscard]] bool strong_match(std::string_view a, std::string_view b) noexcept;
/// Weak comparison: the quoted parts are equal.
[[nodiscard]] bool weak_match(std::string_view a, std::string_view b) noexcept;

}  // namespace pulse2::http
