#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "catalog/catalog.hpp"

namespace pulse2::catalog {

/// Counts what a scan has done. Workers add, anyone reads.
class ProgressMeter {
 public:
  void begin(Progress::Phase phase);
  /// Begins to count anew, but for the packages that are ready: for another scan.
  void reset();
  void add_found() { ++m_found; }
  void add_broken() { ++m_broken; }
  void set_ready(std::uint64_t packages) { m_ready = packages; }
  /// A file that has to be read.
  void expect(std::uint64_t bytes);
  void add_bytes(std::uint64_t bytes) { m_bytes_done += bytes; }
  void add_file() { ++m_files_done; }

  [[nodiscard]] Progress read() const;

 private:
  using Clock = std::chrono::steady_clock;

  std::atomic<Progress::Phase> m_phase{Progress::Phase::idle};
  std::atomic<Clock::time_point> m_began{};  ///< of the hashing
  std::atomic<std::uint64_t> m_found{0};
  std::atomic<std::uint64_t> m_broken{0};
  std::atomic<std::uint64_t> m_ready{0};
  std::atomic<std::uint64_t> m_files_total{0};
  std::atomic<std::uint64_t> m_files_done{0};
  std::atomic<std::uint64_t> m_bytes_total{0};
  std::atomic<std::uint64_t> m_bytes_done{0};
};

}  // namespace pulse2::catalog
