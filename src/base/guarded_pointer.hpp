#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace pulse2::base {

/// The current one of immutable values that replace each other as a whole; for any thread. Who
/// took it keeps it. A mutex held for the copy of one pointer: std::atomic<std::shared_ptr> of
/// libstdc++ 12 is reported by the thread sanitizer.
template <class T>
class GuardedPointer {
 public:
  explicit GuardedPointer(std::shared_ptr<const T> first) : m_value(std::move(first)) {}

  [[nodiscard]] std::shared_ptr<const T> get() const {
    const std::lock_guard lock(m_mutex);
    return m_value;
  }
  void set(std::shared_ptr<const T> next) {
    {
      const std::lock_guard lock(m_mutex);
      m_value.swap(next);
    }
    // The old one, if this was its last owner, is freed here: outside the lock.
  }

 private:
  mutable std::mutex m_mutex;
  std::shared_ptr<const T> m_value;
};

}  // namespace pulse2::base
