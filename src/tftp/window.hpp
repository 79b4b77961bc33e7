#pragma once

#include <cstdint>

namespace pulse2::tftp {

/// Consecutive blocks, counted from 1 and never beginning again.
struct Blocks {
  std::uint64_t first = 1;
  std::uint64_t count = 0;
  [[nodiscard]] bool empty() const noexcept { return count == 0; }
  bool operator==(const Blocks&) const = default;
};

/// Which blocks of one transfer are to be sent (RFC 1350; with windows RFC 7440). Pure: told what
/// arrives, it answers what to send.
class Window {
 public:
  /// A file of `size` bytes in blocks of `block_size`, up to `window_size` of them in one go. The
  /// last block is shorter than the others, an empty one when need be.
  Window(std::uint64_t size, unsigned block_size, unsigned window_size) noexcept
      : m_total(size / block_size + 1), m_window(window_size) {}

  /// The blocks to begin with.
  [[nodiscard]] Blocks begin() noexcept { return next(); }

  /// An acknowledgement came: what to send then, often nothing. One that is older than the last, or
  /// of blocks that were never sent, does nothing, so that duplicates on the net don't multiply.
  [[nodiscard]] Blocks acknowledged(std::uint16_t block) noexcept;

  /// Nothing came for too long: what to send again.
  [[nodiscard]] Blocks again() noexcept { return next(); }

  /// All blocks have arrived.
  [[nodiscard]] bool done() const noexcept { return m_arrived == m_total; }
  /// Blocks that the client has. While it is 0 the client may never have heard of us.
  [[nodiscard]] std::uint64_t arrived() const noexcept { return m_arrived; }

 private:
  /// The window behind what has arrived.
  Blocks next() noexcept;

  std::uint64_t m_total;
  std::uint64_t m_window;
  std::uint64_t m_arrived = 0;
  std::uint64_t m_sent = 0;     ///< last block that was sent
  bool m_gap_answered = false;  ///< the window was sent again without any progress
};

}  // namespace pulse2::tftp
