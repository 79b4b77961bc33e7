#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/mac.hpp"

namespace pulse2::base {

/// A standard UUID: 8-4-4-4-12 hexadecimal digits in either case.
[[nodiscard]] bool is_standard_uuid(std::string_view text) noexcept;

/// What computers and images are known by (contract 06): a standard UUID, or `UUID` and a positive
/// integer without leading zeros. Such a text is safe as a file name.
[[nodiscard]] bool is_uuid(std::string_view text) noexcept;

/// A version 1 UUID (RFC 4122) with the address as its node. `ticks` counts 100 ns since
/// 1582-10-15; of `clock_sequence` the low 14 bits count.
[[nodiscard]] std::string uuid_version_1(std::uint64_t ticks, std::uint16_t clock_sequence,
                                         const Mac& node);

/// Ticks of uuid_version_1() at that many nanoseconds since 1970.
[[nodiscard]] std::uint64_t uuid_ticks(std::int64_t unix_nanoseconds) noexcept;

}  // namespace pulse2::base
