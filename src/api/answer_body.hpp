#pragma once

#include <string>

#include "api/method_table.hpp"
#include "http/response.hpp"

namespace pulse2::api {

/// The response that carries an answer, compressed when `gzip` and worth it.
[[nodiscard]] http::Response to_response(const Answer& answer, bool gzip);

/// The response that carries a ready `<methodResponse>`.
[[nodiscard]] http::Response to_response(std::string document, bool gzip);

}  // namespace pulse2::api
