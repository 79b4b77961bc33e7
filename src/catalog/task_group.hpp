#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>

#include "os/thread_pool.hpp"

namespace pulse2::catalog {

/// Tasks on a pool that can be waited for and given up together. Callable from any thread.
class TaskGroup {
 public:
  using Task = std::function<void()>;

  explicit TaskGroup(os::ThreadPool& pool) : m_pool(pool) {}
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  /// Runs the task on the pool, unless cancel() comes before. Tasks may post further ones.
  void post(Task task, os::ThreadPool::Priority priority = os::ThreadPool::Priority::normal);

  /// Tasks that wait will not run; those that run should look at is_cancelled().
  void cancel();
  [[nodiscard]] bool is_cancelled() const noexcept { return m_cancelled; }

  /// True as soon as no task waits or runs, false after `timeout`.
  [[nodiscard]] bool wait_idle(std::chrono::milliseconds timeout);
  /// Threads that run tasks.
  [[nodiscard]] std::size_t size() const noexcept { return m_pool.size(); }
  /// Waits for `timeout`, or until cancel().
  void pause(std::chrono::milliseconds timeout);

 private:
  class Token;
  void end_one();

  os::ThreadPool& m_pool;
  std::atomic<bool> m_cancelled{false};
  std::mutex m_mutex;
  std::condition_variable m_changed;
  std::size_t m_outstanding = 0;
};

}  // namespace pulse2::catalog
