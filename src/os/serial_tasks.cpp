#include "os/serial_tasks.hpp"

#include <deque>
#include <map>
#include <mutex>
#include <utility>

namespace pulse2::os {

using Task = ThreadPool::Task;

/// The tasks that wait, by key. A key is here while a task of it is in the pool.
class SerialTasks::Queues : public std::enable_shared_from_this<Queues> {
 public:
  explicit Queues(ThreadPool& pool) : m_pool(pool) {}

  void post(const std::string& key, Task task) {
    {
      const std::lock_guard lock(m_mutex);
      const auto [queue, is_new] = m_waiting.try_emplace(key);
      if (!is_new) {
        queue->second.push_back(std::move(task));
        return;
      }
    }
    start(key, std::move(task));
  }

  [[nodiscard]] ThreadPool& pool() const noexcept { return m_pool; }

 private:
  void start(const std::string& key, Task task) {
    m_pool.post([self = shared_from_this(), key, task = std::move(task)]() mutable {
      task();
      task = nullptr;  // what it holds is freed before the next one begins
      self->start_next(key);
    });
  }

  void start_next(const std::string& key) {
    Task next;
    {
      const std::lock_guard lock(m_mutex);
      const auto queue = m_waiting.find(key);
      if (queue->second.empty()) {
        m_waiting.erase(queue);
        return;
      }
      next = std::move(queue->second.front());
      queue->second.pop_front();
    }
    start(key, std::move(next));
  }

  ThreadPool& m_pool;
  std::mutex m_mutex;  ///< guards m_waiting
  std::map<std::string, std::deque<Task>> m_waiting;
};

SerialTasks::SerialTasks(ThreadPool& pool) : m_queues(std::make_shared<Queues>(pool)) {}
SerialTasks::~SerialTasks() = default;

void SerialTasks::post(const std::string& key, Task task) {
  if (key.empty()) {
    m_queues->pool().post(std::move(task));
  } else {
    m_queues->post(key, std::move(task));
  }
}

}  // namespace pulse2::os
