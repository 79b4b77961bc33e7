#pragma once

#include <chrono>
#include <string_view>

#include "pxe/recent_map.hpp"

/// Passwords of the boot menu (packet 0xAF).
namespace pulse2::pxe {

/// Whether `password` opens the menu. `expected`: SHA-1 of the password and a fixed salt in
/// hexadecimal, as the agent stores it; empty: no password is set, only an empty one opens.
[[nodiscard]] bool password_matches(std::string_view password, std::string_view expected);

/// Slows down guessing: an address that failed is not listened to for a while, which doubles with
/// every failure. Not for several threads.
class LoginGuard {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Duration = std::chrono::milliseconds;

  static constexpr Duration k_first_delay{500};
  static constexpr Duration k_longest_delay{30'000};
  /// Failures are forgotten after this time without a further one.
  static constexpr std::chrono::minutes k_memory{10};

  /// Remembers at most `capacity` addresses.
  explicit LoginGuard(std::size_t capacity) : m_failures(capacity) {}

  /// Whether an attempt from there is looked at now. One that comes too early is dropped unseen.
  [[nodiscard]] bool may_try(std::string_view address, Time now);

  /// The attempt failed: how long its answer is held back. None is looked at meanwhile.
  [[nodiscard]] Duration failed(std::string_view address, Time now);

  /// The attempt succeeded: earlier failures are forgotten.
  void succeeded(std::string_view address) { m_failures.erase(address); }

 private:
  struct Failures {
    unsigned count = 0;
    Time closed_until;
    Time last;
  };
  RecentMap<Failures> m_failures;
};

}  // namespace pulse2::pxe
