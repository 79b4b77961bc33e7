#include "catalog/task_group.hpp"

#include <memory>
#include <utility>

namespace pulse2::catalog {

/// Counts a task until it has run or was dropped by the pool.
class TaskGroup::Token {
 public:
  explicit Token(TaskGroup& group) : m_group(group) {}
  Token(const Token&) = delete;
  Token& operator=(const Token&) = delete;
  ~Token() { m_group.end_one(); }

 private:
  TaskGroup& m_group;
};

void TaskGroup::post(Task task, os::ThreadPool::Priority priority) {
  {
    const std::lock_guard lock(m_mutex);
    ++m_outstanding;
  }
  auto token = std::make_shared<Token>(*this);
  m_pool.post(
      [this, task = std::move(task), token = std::move(token)] {
        if (!m_cancelled) task();
      },
      priority);
}

void TaskGroup::end_one() {
  const std::lock_guard lock(m_mutex);
  // Notified under the lock: whoever waits may destroy the group as soon as it is idle.
  if (--m_outstanding == 0) m_changed.notify_all();
}

void TaskGroup::cancel() {
  const std::lock_guard lock(m_mutex);
  m_cancelled = true;
  m_changed.notify_all();
}

bool TaskGroup::wait_idle(std::chrono::milliseconds timeout) {
  std::unique_lock lock(m_mutex);
  return m_changed.wait_for(lock, timeout, [this] { return m_outstanding == 0; });
}

void TaskGroup::pause(std::chrono::milliseconds timeout) {
  std::unique_lock lock(m_mutex);
  m_changed.wait_for(lock, timeout, [this] { return m_cancelled.load(); });
}

}  // namespace pulse2::catalog
