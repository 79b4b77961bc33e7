#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pulse2::http {

/// More ranges than this in one request are taken for an attack and the header is ignored.
inline constexpr std::size_t k_max_ranges = 64;

/// Bytes first..last of a representation, both included; first <= last < its size.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  [[nodiscard]] std::uint64_t length() const noexcept { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeOutcome {
  whole,          ///< no usable range: 200 with everything
  partial,        ///< 206 with the ranges
  unsatisfiable,  ///< 416
};

struct RangeRequest {
  RangeOutcome outcome = RangeOutcome::whole;
  std::vector<ByteRange> ranges;  ///< in the order asked for; only with `partial`, never empty then
};

/// Reads a Range header for a representation of `size` bytes (RFC 9110 §14.1.2). Another unit or a
/// wrong syntax gives `whole`, as do more than k_max_ranges ranges, and several ranges that
/// together are longer than the representation. Ranges past the end are left out.
[[nodiscard]] RangeRequest parse_range(std::string_view header, std::uint64_t size);

}  // namespace pulse2::http
