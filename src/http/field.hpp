#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pulse2::http {

/// One header line. Names keep the case they came in, comparisons ignore it.
struct Field {
  std::string name;
  std::string value;  ///< without white space around it
};

using Fields = std::vector<Field>;

/// The value of the first field of that name; nothing when there is none (an empty value is some).
[[nodiscard]] std::optional<std::string_view> find_field(const Fields& fields,
                                                         std::string_view name) noexcept;

/// The values of all fields of that name joined with ", " as RFC 9110 §5.3 allows; nothing when
/// there is none. For list fields, which clients may spread over several lines.
[[nodiscard]] std::optional<std::string> join_fields(const Fields& fields, std::string_view name);

/// The elements of a comma-separated list, trimmed, empty ones left out (RFC 9110 §5.6.1). Commas
/// between double quotes do not separate. The views live as long as `value`.
[[nodiscard]] std::vector<std::string_view> list_elements(std::string_view value);

}  // namespace pulse2::http
