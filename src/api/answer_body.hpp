#pragma once

#include <optional>
#include <string>

#include "api/method_table.hpp"
#include "http/response.hpp"

namespace pulse2::api {

/// The response that carries an answer, compressed when `gzip` and worth it. Putting a large list
/// together takes a while.
[[nodiscard]] http::Response to_response(const Answer& answer, bool gzip);

/// The same if it takes no while, else nothing.
[[nodiscard]] std::optional<http::Response> to_response_at_once(const Answer& answer, bool gzip);

/// The response that carries a ready `<methodResponse>`.
[[nodiscard]] http::Response to_response(std::string document, bool gzip);

}  // namespace pulse2::api
