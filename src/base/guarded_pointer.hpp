#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

namespace pulse2::base {

/// The same value, owned by a handle that counts for itself: who takes and drops pointers often
/// does not pass the cache line of one count from thread to thread.
template <class T>
[[nodiscard]] std::shared_ptr<T> own_handle(std::shared_ptr<T> value) {
  T* const pointer = value.get();
  return {std::make_shared<std::shared_ptr<T>>(std::move(value)), pointer};
}

/// The current one of immutable values that replace each other as a whole; for any thread. Who
/// took it keeps it.
///
/// Each thread reads a place that it shares with few others: one lock and one count for all are
/// what many threads would wait for. Of small files and two threads it was 9 % of the processor
/// time in one hour, and nothing in another. Pointers of two threads to the same value are equal,
/// their owners are not. Mutexes, since std::atomic<std::shared_ptr> of libstdc++ 12 is reported by
/// the thread sanitizer.
template <class T>
class GuardedPointer {
 public:
  explicit GuardedPointer(std::shared_ptr<const T> first) { set(std::move(first)); }

  [[nodiscard]] std::shared_ptr<const T> get() const {
    const Place& place = m_places[place_of_this_thread()];
    const std::lock_guard lock(place.mutex);
    return place.value;
  }
  /// All threads get the new one from when it returns.
  void set(std::shared_ptr<const T> next) {
    const std::lock_guard setting(m_setting);
    for (Place& place : m_places) {
      auto value = own_handle(next);
      {
        const std::lock_guard lock(place.mutex);
        place.value.swap(value);
      }
      // The old one, if this was its last owner, is freed here: outside the lock.
    }
  }

 private:
  static constexpr std::size_t k_places = 32;
  static constexpr std::size_t k_cache_line = 64;  // bytes

  struct alignas(k_cache_line) Place {
    mutable std::mutex mutex;
    std::shared_ptr<const T> value;
  };

  static std::size_t place_of_this_thread() noexcept {
    static std::atomic<std::size_t> threads{0};
    thread_local const std::size_t k_own = threads.fetch_add(1, std::memory_order_relaxed);
    return k_own % k_places;
  }

  std::mutex m_setting;  ///< of two values that are set at a time, one is everywhere in the end
  std::array<Place, k_places> m_places;
};

}  // namespace pulse2::base
