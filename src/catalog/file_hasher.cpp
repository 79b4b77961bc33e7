#include "catalog/file_hasher.hpp"

#include <utility>

namespace pulse2::catalog {

FileHasher::FileHasher(const os::Root& root, TaskGroup& tasks, ProgressMeter& meter,
                       os::ThreadPool::Priority priority)
    : m_tasks(tasks),
      m_priority(priority),
      m_queue(root, tasks.size(), meter, [&tasks] { return tasks.is_cancelled(); }) {}

void FileHasher::add(std::shared_ptr<HashedFiles> files, std::size_t file) {
  m_queue.add(std::move(files), file);
  {
    // After the file was queued: a worker that is about to end has seen it, or is not counted here.
    const std::lock_guard lock(m_mutex);
    if (m_workers == m_tasks.size()) return;
    ++m_workers;
  }
  post(std::make_shared<HashQueue::Worker>(m_queue));
}

void FileHasher::post(WorkerPointer worker) {
  m_tasks.post([this, worker = std::move(worker)] { work(worker); }, m_priority);
}

void FileHasher::work(WorkerPointer worker) {
  if (!worker->run()) {
    const std::lock_guard lock(m_mutex);
    if (m_queue.is_empty()) {
      --m_workers;
      return;
    }
  }
  post(std::move(worker));
}

}  // namespace pulse2::catalog
