#include <algorithm>
#include <array>
#include <utility>

#include "http/response.hpp"

namespace pulse2::http {
namespace {

// RFC 9110 §15, RFC 6585 (429, 431) and RFC 4918 (507); ascending.
constexpr auto k_reasons = std::to_array<std::pair<int, std::string_view>>({
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
});

}  // namespace

std::string_view reason_phrase(int status) noexcept {
  const auto* found = std::find_if(k_reasons.begin(), k_reasons.end(),
                                   [status](const auto& reason) { return reason.first == status; });
  return found == k_reasons.end() ? "Unknown" : found->second;
}

int status_of(base::ErrorKind kind) noexcept {
  using base::ErrorKind;
  switch (kind) {
    case ErrorKind::invalid_argument:
    case ErrorKind::malformed:
      return 400;
    case ErrorKind::permission_denied:
      return 403;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::already_exists:
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::limit_exceeded:
      return 413;
    case ErrorKind::no_space:
      return 507;
    case ErrorKind::unavailable:
    case ErrorKind::cancelled:
      return 503;
    case ErrorKind::timed_out:
      return 504;
    case ErrorKind::io:
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

bool is_bodyless(int status) noexcept {
  return (status >= 100 && status < 200) || status == 204 || status == 304;
}

}  // namespace pulse2::http
