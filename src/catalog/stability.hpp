#pragma once

#include <chrono>
#include <cstdint>

#include "catalog/fingerprint.hpp"
#include "os/clock.hpp"

/// When a package that appears or changes is complete (contract 04, smart detection).
namespace pulse2::catalog {

/// What a package's folder looks like, without a file of it being read.
struct FolderLook {
  Fingerprint fingerprint;     ///< of all files
  Fingerprint descriptions;    ///< of its own conf.xml and conf.json
  std::uint64_t size = 0;      ///< bytes of all files
  std::int64_t newest_ns = 0;  ///< last modification of a file or folder in it, itself included

  bool operator==(const FolderLook&) const = default;
};

/// A time for comparisons with file times, and the same for durations.
struct Moment {
  std::int64_t wall_ns = 0;  ///< nanoseconds since 1970
  std::chrono::steady_clock::time_point steady;

  [[nodiscard]] static Moment now(const os::Clock& clock);
};

struct StabilityRules {
  bool last_time_modification = false;
  bool check_size = false;
  std::chrono::seconds smart_time{60};  ///< of last_time_modification
  std::chrono::seconds round{60};       ///< between two rounds of detection
};

/// Without any method too, nothing may have changed for this long: what is written right now is not
/// served.
inline constexpr std::chrono::milliseconds k_quiet_time{500};

/// Follows one folder from look to look.
class Stability {
 public:
  /// The first look.
  Stability(const FolderLook& look, const Moment& now)
      : m_look(look), m_changed(now.steady), m_size_changed(now.steady) {}

  /// The next one.
  void see(const FolderLook& look, const Moment& now);
  /// Somebody writes there, whatever it looks like: not complete for a while.
  void put_off(const Moment& now) noexcept { m_not_before = now.steady + k_quiet_time; }

  /// From when on it is complete, if it stays as it is; not later than `now` when it is already.
  [[nodiscard]] std::chrono::steady_clock::time_point complete_at(const StabilityRules& rules,
                                                                  const Moment& now) const;
  /// Until when it was put off.
  [[nodiscard]] std::chrono::steady_clock::time_point not_before() const noexcept {
    return m_not_before;
  }
  [[nodiscard]] const FolderLook& look() const noexcept { return m_look; }

 private:
  FolderLook m_look;
  std::chrono::steady_clock::time_point m_changed;       ///< when the look was first seen
  std::chrono::steady_clock::time_point m_size_changed;  ///< when the size was first seen
  std::chrono::steady_clock::time_point m_not_before{};
};

}  // namespace pulse2::catalog
