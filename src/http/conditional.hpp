#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "http/range.hpp"
#include "http/request.hpp"

namespace pulse2::http {

/// What the current representation is compared with.
struct Validators {
  std::string etag;                ///< strong, with its quotes
  std::int64_t last_modified = 0;  ///< seconds since 1970
};

/// Status 200, 206, 304, 412 or 416; the ranges with 206 only.
struct Decision {
  int status = 200;
  std::vector<ByteRange> ranges;
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match, If-Modified-Since, If-Range and Range
/// in the order of RFC 9110 §13.2.2, for GET and HEAD of a representation that exists and has
/// `size` bytes. Ranges count for GET only. Dates that cannot be read are ignored.
[[nodiscard]] Decision decide(const RequestHead& head, const Validators& current,
                              std::uint64_t size);

}  // namespace pulse2::http
