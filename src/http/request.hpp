#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/field.hpp"

namespace pulse2::http {

/// The head of a request, as the connection read it. `path` and `query` come from parse_target().
struct RequestHead {
  std::string method;
  std::string target;  ///< as it stands in the request line
  std::string path;    ///< decoded bytes without query, dot segments and double slashes
  std::string query;   ///< still encoded, without the question mark
  int version = 11;    ///< 10 or 11
  Fields fields;
  bool keep_alive = true;
  std::optional<std::uint64_t> content_length;
  bool chunked = false;
  bool expect_continue = false;

  /// The first value of a header, empty when there is none. The view lives as long as the head.
  [[nodiscard]] std::string_view header(std::string_view name) const noexcept {
    return find_field(fields, name).value_or(std::string_view{});
  }
};

}  // namespace pulse2::http
