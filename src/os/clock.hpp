#pragma once

#include <chrono>

namespace pulse2::os {

/// Where time comes from, so that waiting can be tested without waiting.
class Clock {
 public:
  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  /// For dates that people read and that are compared with file times.
  [[nodiscard]] virtual std::chrono::system_clock::time_point now() const = 0;
  /// For durations: never set back.
  [[nodiscard]] virtual std::chrono::steady_clock::time_point steady() const = 0;
};

/// The minute of the local day, 0 to 1439.
[[nodiscard]] int local_minute(std::chrono::system_clock::time_point date);

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::system_clock::time_point now() const override {
    return std::chrono::system_clock::now();
  }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
    return std::chrono::steady_clock::now();
  }
};

/// Stands still until it is moved. Not for several threads at once.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] std::chrono::system_clock::time_point now() const override { return m_now; }
  [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return m_steady; }
  void set(std::chrono::system_clock::time_point now) { m_now = now; }
  void advance(std::chrono::nanoseconds duration) {
    m_now += std::chrono::duration_cast<std::chrono::system_clock::duration>(duration);
    m_steady += std::chrono::duration_cast<std::chrono::steady_clock::duration>(duration);
  }

 private:
  std::chrono::system_clock::time_point m_now{};
  std::chrono::steady_clock::time_point m_steady{};
};

}  // namespace pulse2::os
