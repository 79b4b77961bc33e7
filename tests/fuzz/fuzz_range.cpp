// Links: pulse2::http
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "http/range.hpp"

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

/// The first eight bytes are the size of the file, the rest is the header.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  std::uint64_t size = 0;
  if (length < sizeof size) return 0;
  std::memcpy(&size, data, sizeof size);
  const std::string_view header(reinterpret_cast<const char*>(data) + sizeof size,
                                length - sizeof size);
  const pulse2::http::RangeRequest request = pulse2::http::parse_range(header, size);
  const bool is_partial = request.outcome == pulse2::http::RangeOutcome::partial;
  require(is_partial == !request.ranges.empty());
  require(request.ranges.size() <= pulse2::http::k_max_ranges);
  std::uint64_t left = size;
  for (const auto& range : request.ranges) {
    require(range.first <= range.last && range.last < size);
    require(range.length() <= left);
    left -= range.length();
  }
  return 0;
}
