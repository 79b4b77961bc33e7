#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "pxe/packet.hpp"

namespace pulse2::pxe {

/// Machines that restore the same file in multicast should start together: tells each how long to
/// wait (packet 0x54). Files are sent in rising order, so a machine that asks for a lower one came
/// late and waits for the next turn. One state for all machines, as there is one multicast.
/// Not for several threads.
class MtftpWait {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// Seconds that the machine has to wait, 0: go.
  [[nodiscard]] std::chrono::seconds ask(const WaitForOthers& call, Time now);

  /// A restoration has begun (log of kind 2): the next file is a first one.
  void reset() noexcept { m_last.reset(); }

 private:
  struct Last {
    std::uint64_t file = 0;
    Time time;
  };
  std::optional<Last> m_last;
};

}  // namespace pulse2::pxe
