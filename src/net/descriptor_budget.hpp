#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

/// How many open files so many connections need, and the other way round.
namespace pulse2::net {

/// Listeners, databases, logs, connections that are refused, files kept open, pipes to programs.
inline constexpr std::uint64_t k_own_descriptors = 1024;
/// A connection's socket, and the file that it gets.
inline constexpr std::uint64_t k_descriptors_each = 2;
inline constexpr std::size_t k_least_connections = 16;

[[nodiscard]] constexpr std::uint64_t descriptors_for(std::size_t connections) noexcept {
  return k_own_descriptors + k_descriptors_each * connections;
}

/// With few descriptors at all, half of them are for connections.
[[nodiscard]] constexpr std::size_t connections_for(std::uint64_t descriptors) noexcept {
  const auto own = std::min(k_own_descriptors, descriptors / 2);
  return std::max<std::size_t>(k_least_connections, (descriptors - own) / k_descriptors_each);
}

static_assert(connections_for(descriptors_for(10000)) == 10000);

}  // namespace pulse2::net
