#pragma once

#include <string>
#include <string_view>

namespace pulse2::tftp {

/// A text file as mode netascii sends it (RFC 764): a line feed becomes CR LF, a CR becomes CR NUL.
[[nodiscard]] std::string to_netascii(std::string_view text);

}  // namespace pulse2::tftp
