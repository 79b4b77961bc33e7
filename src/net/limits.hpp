#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pulse2::net {

/// All that clients can use up. One value that is swapped as a whole with the site that has it.
/// Nothing limits how long a transfer may take that moves.
struct Limits {
  // Connections. Beyond them a client gets 503 with Retry-After.
  std::size_t max_connections = 10000;
  std::size_t max_connections_per_client = 1000;
  unsigned ipv6_client_bits = 64;  ///< leading bits that tell IPv6 clients apart; IPv4: all

  // Requests.
  std::size_t head_bytes = 64UL << 10;     ///< longer heads: 431
  std::size_t body_in_memory = 1UL << 20;  ///< longer bodies go to a temporary file

  // Times. Idle means that no byte moved.
  std::chrono::seconds keep_alive_idle{75};  ///< between two requests
  std::chrono::seconds read_idle{60};        ///< within a request: 408
  std::chrono::seconds write_idle{60};       ///< the client acknowledged nothing of the answer
  std::chrono::seconds handshake_time{20};   ///< for the whole TLS handshake
  std::chrono::seconds head_time{30};        ///< from the first byte of a head to its end: 408
  std::uint64_t min_body_rate = 1024;        ///< bytes a second on average: else 408; 0: any

  // Bandwidth of files, in bytes a second; 0: as fast as it goes.
  std::uint64_t download_rate = 0;             ///< of all clients together
  std::uint64_t download_rate_per_client = 0;  ///< of all connections of one client

  /// Whether a request body of which `received` bytes came within `elapsed` is slower than
  /// min_body_rate. The first read_idle seconds are free.
  [[nodiscard]] bool is_too_slow(std::uint64_t received,
                                 std::chrono::nanoseconds elapsed) const noexcept {
    if (min_body_rate == 0) return false;
    return elapsed > read_idle + std::chrono::seconds(received / min_body_rate);
  }
};

}  // namespace pulse2::net
