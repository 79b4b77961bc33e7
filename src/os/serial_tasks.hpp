#pragma once

#include <memory>
#include <string>
#include <utility>

#include "os/thread_pool.hpp"

namespace pulse2::os {

/// Tasks on a pool of which those with the same key run one after the other, in the order in which
/// they came, while others run beside them. Who waits for its turn waits in a queue and holds no
/// thread. Callable from any thread, from tasks too.
class SerialTasks {
 public:
  /// `pool` must outlive this object; tasks that wait when it stops are dropped.
  explicit SerialTasks(ThreadPool& pool);
  SerialTasks(const SerialTasks&) = delete;
  SerialTasks& operator=(const SerialTasks&) = delete;
  ~SerialTasks();

  /// Queues a task, which must not throw. An empty key means that it waits for no other.
  void post(const std::string& key, ThreadPool::Task task);

  /// The queue of one key, as run_on() takes it. For as long as this object and the key.
  struct Queue {
    SerialTasks& tasks;
    const std::string& key;
    void post(ThreadPool::Task task) { tasks.post(key, std::move(task)); }
  };

 private:
  class Queues;
  std::shared_ptr<Queues> m_queues;
};

}  // namespace pulse2::os
