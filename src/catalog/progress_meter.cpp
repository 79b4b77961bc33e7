#include "catalog/progress_meter.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace pulse2::catalog {

void ProgressMeter::begin(Progress::Phase phase) {
  if (phase == Progress::Phase::hashing) m_began = Clock::now();
  m_phase = phase;
}

void ProgressMeter::reset() {
  for (auto* count :
       {&m_found, &m_broken, &m_files_total, &m_files_done, &m_bytes_total, &m_bytes_done}) {
    *count = 0;
  }
}

void ProgressMeter::expect(std::uint64_t bytes) {
  ++m_files_total;
  m_bytes_total += bytes;
}

Progress ProgressMeter::read() const {
  Progress progress;
  progress.phase = m_phase;
  progress.packages_found = m_found;
  progress.packages_ready = m_ready;
  progress.packages_broken = m_broken;
  progress.files_done = m_files_done;
  progress.bytes_done = m_bytes_done;
  // Read after what is done: never less than it.
  progress.files_total = std::max<std::uint64_t>(m_files_total, progress.files_done);
  progress.bytes_total = std::max<std::uint64_t>(m_bytes_total, progress.bytes_done);
  const std::chrono::duration<double> elapsed = Clock::now() - m_began.load();
  const bool is_reading =
      progress.phase == Progress::Phase::hashing || progress.phase == Progress::Phase::verifying;
  if (!is_reading || progress.bytes_done == 0 || elapsed.count() <= 0) return progress;
  progress.bytes_per_second = static_cast<double>(progress.bytes_done) / elapsed.count();
  const auto left = static_cast<double>(progress.bytes_total - progress.bytes_done);
  progress.time_left = std::chrono::seconds(std::llround(left / progress.bytes_per_second));
  return progress;
}

std::string describe(const Progress& progress) {
  const auto bytes = [](std::uint64_t count) {
    return base::human_size(static_cast<double>(count));
  };
  std::string text =
      fmt::format("{} packages found, {} ready, {} broken; {} of {} files read, {} of {}",
                  progress.packages_found, progress.packages_ready, progress.packages_broken,
                  progress.files_done, progress.files_total, bytes(progress.bytes_done),
                  bytes(progress.bytes_total));
  if (progress.bytes_per_second > 0) {
    text += fmt::format(", {}/s", base::human_size(progress.bytes_per_second));
  }
  if (progress.time_left) text += fmt::format(", {} s left", progress.time_left->count());
  return text;
}

}  // namespace pulse2::catalog
