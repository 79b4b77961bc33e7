#pragma once

#include <string_view>

namespace pulse2::http {

/// The media type for a file name (or path), by its suffix or, for names like MD5SUMS, by itself;
/// application/octet-stream for all that is not in our table. Never depends on the machine.
[[nodiscard]] std::string_view mime_type(std::string_view file_name) noexcept;

}  // namespace pulse2::http
