#pragma once

#include <cstddef>
#include <memory>
#include <mutex>

#include "catalog/hash_queue.hpp"
#include "catalog/task_group.hpp"

namespace pulse2::catalog {

/// Hashes files of one root in the threads of a pool, many in each thread at once.
class FileHasher {
 public:
  /// All references must outlive the tasks.
  FileHasher(const os::Root& root, TaskGroup& tasks, ProgressMeter& meter,
             os::ThreadPool::Priority priority);

  /// Queues a file. Callable from any thread.
  void add(std::shared_ptr<HashedFiles> files, std::size_t file);

 private:
  using WorkerPointer = std::shared_ptr<HashQueue::Worker>;

  void post(WorkerPointer worker);
  void work(WorkerPointer worker);

  TaskGroup& m_tasks;
  os::ThreadPool::Priority m_priority;
  HashQueue m_queue;

  std::mutex m_mutex;         ///< guards what follows
  std::size_t m_workers = 0;  ///< that are posted or run
};

}  // namespace pulse2::catalog
