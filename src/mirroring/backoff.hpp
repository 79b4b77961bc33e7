#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace pulse2::mirroring {

/// The intervals between tries: each about twice the one before, up to a limit, and never quite the
/// same, so that many packages or servers that failed together do not come again together.
class Backoff {
 public:
  /// `first` is the interval after the first failure. Equal seeds give equal intervals.
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds limit, std::uint64_t seed);

  /// For the try after `failures` failures in a row, at least 1: up to a fifth shorter or longer
  /// than the doubled interval, never longer than the limit.
  [[nodiscard]] std::chrono::milliseconds after(unsigned failures);
  void set(std::chrono::milliseconds first, std::chrono::milliseconds limit);

 private:
  std::chrono::milliseconds m_first;
  std::chrono::milliseconds m_limit;
  std::mt19937_64 m_random;
};

}  // namespace pulse2::mirroring
