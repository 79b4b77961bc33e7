#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pulse2::os {

/// Threads for work that waits for disks or computes hashes, so that I/O threads never do.
/// All functions may be called from any thread, from tasks too.
class ThreadPool {
 public:
  enum class Priority { normal, low };
  using Task = std::function<void()>;

  /// Starts `threads` threads, at least one. `niceness` (0 to 19) is added to that of the process:
  /// the higher, the sooner other threads get the processor.
  explicit ThreadPool(std::size_t threads, int niceness = 0);
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;
  /// Ends like stop().
  ~ThreadPool();

  /// Queues a task; tasks of low priority run only when no other waits, and never on all threads
  /// at once when there are two or more. A task must not throw. After stop() it is dropped.
  void post(Task task, Priority priority = Priority::normal);

  /// Drops what is queued, waits for what runs. Not to be called from a task.
  void stop();

  [[nodiscard]] std::size_t size() const noexcept { return m_threads.size(); }

  /// One thread per core, at least 8: with fewer, waiting for a disk leaves disk and cores idle.
  [[nodiscard]] static std::size_t default_size() noexcept;

 private:
  void run(int niceness);
  /// The next task, empty when the pool stops. Waits; `was_low` says which queue it came from.
  Task next(std::unique_lock<std::mutex>& lock, bool& was_low);
  [[nodiscard]] bool may_take_low() const;

  std::mutex m_mutex;
  std::condition_variable m_wake;
  std::deque<Task> m_normal;
  std::deque<Task> m_low;
  std::size_t m_running_low = 0;
  bool m_stopped = false;
  std::vector<std::thread> m_threads;
};

}  // namespace pulse2::os
