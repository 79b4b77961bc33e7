#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

/// How many open files so many connections need, and the other way round. `others` is what services
/// beside HTTP need.
namespace pulse2::net {

/// Listeners, databases, logs, connections that are refused, files kept open, pipes to programs.
inline constexpr std::uint64_t k_own_descriptors = 1024;
/// A connection's socket, and the file that it gets.
inline constexpr std::uint64_t k_descriptors_each = 2;
inline constexpr std::size_t k_least_connections = 16;

[[nodiscard]] constexpr std::uint64_t descriptors_for(std::size_t connections,
                                                      std::uint64_t others) noexcept {
  return k_own_descriptors + others + k_descriptors_each * connections;
}

/// With few descriptors at all, half of them are for connections.
[[nodiscard]] constexpr std::size_t connections_for(std::uint64_t descriptors,
                                                    std::uint64_t others) noexcept {
  const auto own = std::min(k_own_descriptors + others, descriptors / 2);
  return std::max<std::size_t>(k_least_connections, (descriptors - own) / k_descriptors_each);
}

static_assert(connections_for(descriptors_for(10000, 3032), 3032) == 10000);

}  // namespace pulse2::net
