#pragma once

#include <cstddef>
#include <cstdint>

namespace pulse2::app {

/// Raises the limit of open files for that many connections, and `others` of other services.
/// @return the connections that the limit then in force is enough for, at most `wanted`; a warning
/// is logged when they are fewer.
[[nodiscard]] std::size_t make_room_for(std::size_t wanted, std::uint64_t others);

}  // namespace pulse2::app
