#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace pulse2::catalog {

/// One lock for each package that somebody is at work on: a package has one writer, whether that is
/// a call of a client or detection. For any thread.
class PackageLocks {
 public:
  /// Holds a package's lock until it is destroyed, by the thread that got it.
  class Guard {
   public:
    Guard(Guard&& other) noexcept = default;
    Guard& operator=(Guard&&) = delete;
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    ~Guard();

   private:
    friend class PackageLocks;
    Guard(PackageLocks& locks, std::string_view pid, std::shared_ptr<std::mutex> mutex)
        : m_locks(locks), m_pid(pid), m_mutex(std::move(mutex)) {}

    PackageLocks& m_locks;
    std::string m_pid;
    std::shared_ptr<std::mutex> m_mutex;  ///< null when it was moved from
  };

  /// Waits as long as somebody else holds the package's lock. The locks must outlive the guard.
  [[nodiscard]] Guard lock(std::string_view pid);
  /// Nothing when somebody else holds it.
  [[nodiscard]] std::optional<Guard> try_lock(std::string_view pid);

 private:
  [[nodiscard]] std::shared_ptr<std::mutex> mutex_of(std::string_view pid);
  /// Gives up a use of the package's mutex.
  void forget(const std::string& pid, std::shared_ptr<std::mutex>& mutex);

  std::mutex m_mutex;                                                       ///< guards m_mutexes
  std::map<std::string, std::weak_ptr<std::mutex>, std::less<>> m_mutexes;  ///< by package id
};

}  // namespace pulse2::catalog
