#include "http/basic_auth.hpp"

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"

namespace pulse2::http {

std::optional<Credentials> parse_basic_auth(std::string_view header) {
  header = base::trim(header);
  const std::size_t space = header.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  if (!base::iequals(header.substr(0, space), "Basic")) return std::nullopt;
  const auto text = base::base64_decode(base::trim(header.substr(space + 1)));
  if (!text) return std::nullopt;
  const std::size_t colon = text->find(':');
  if (colon == std::string::npos) return std::nullopt;
  return Credentials{text->substr(0, colon), text->substr(colon + 1)};
}

bool credentials_match(const Credentials& given, std::string_view username,
                       std::string_view password) noexcept {
  // Both are compared in any case: a wrong user name must not answer faster.
  const bool same_user = base::constant_time_equal(given.username, username);
  const bool same_password = base::constant_time_equal(given.password, password);
  return same_user && same_password;
}

Response unauthorized(std::string_view realm) {
  std::string quoted;
  for (const char c : realm) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  Response response = error_page(401, "This server asks for a user name and a password.");
  response.headers.push_back(
      {"WWW-Authenticate", "Basic realm=\"" + quoted + "\", charset=\"UTF-8\""});
  return response;
}

}  // namespace pulse2::http
