#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "http/response.hpp"

namespace pulse2::http {

struct Credentials {
  std::string username;
  std::string password;
};

/// The credentials of an Authorization header of the Basic scheme (RFC 7617); nothing for another
/// scheme, bad base64 or a text without a colon.
[[nodiscard]] std::optional<Credentials> parse_basic_auth(std::string_view header);

/// True when both parts are equal; the time taken says nothing about where they differ.
[[nodiscard]] bool credentials_match(const Credentials& given, std::string_view username,
                                     std::string_view password) noexcept;

/// 401 that asks for Basic credentials of `realm`.
[[nodiscard]] Response unauthorized(std::string_view realm);

}  // namespace pulse2::http
