#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "catalog/progress_meter.hpp"
#include "catalog/task_group.hpp"
#include "os/beneath.hpp"
#include "os/file.hpp"

namespace pulse2::catalog {

/// Files that somebody wants to know the MD5 of, by number. Called from threads of the pool, for
/// different files at once.
class HashedFiles {
 public:
  HashedFiles() = default;
  HashedFiles(const HashedFiles&) = delete;
  HashedFiles& operator=(const HashedFiles&) = delete;
  virtual ~HashedFiles() = default;

  /// Relative to the root.
  [[nodiscard]] virtual std::string path(std::size_t file) const = 0;
  [[nodiscard]] virtual const os::FileStatus& status(std::size_t file) const = 0;
  /// Told once for each file, unless the task group is cancelled. Error `conflict` when the file is
  /// not, or does not stay, what its status says.
  virtual void take(std::size_t file, base::Expected<base::Md5Digest> digest) = 0;
};

/// Hashes files of one root in the threads of a pool, many in each thread at once: one in each lane
/// of the processor's vectors (base/md5_lanes.hpp says what each kind gains).
class FileHasher {
 public:
  /// All references must outlive the tasks.
  FileHasher(const os::Root& root, TaskGroup& tasks, ProgressMeter& meter,
             os::ThreadPool::Priority priority)
      : m_root(root), m_tasks(tasks), m_meter(meter), m_priority(priority) {}

  /// Queues a file. Callable from any thread.
  void add(std::shared_ptr<HashedFiles> files, std::size_t file);

 private:
  struct Item {
    std::shared_ptr<HashedFiles> files;
    std::size_t file = 0;
  };
  class Turn;

  void post();
  void work();
  /// Files for somebody who has `open` ones and room for `room`: no more than leave the other
  /// threads as many.
  [[nodiscard]] std::vector<Item> next(std::size_t open, std::size_t room);
  void end(const Item& item, base::Expected<base::Md5Digest> digest);

  const os::Root& m_root;
  TaskGroup& m_tasks;
  ProgressMeter& m_meter;
  os::ThreadPool::Priority m_priority;

  std::mutex m_mutex;  ///< guards what follows
  std::deque<Item> m_waiting;
  std::size_t m_unfinished = 0;  ///< files that wait or are open
  std::size_t m_workers = 0;     ///< tasks that are posted or run
};

}  // namespace pulse2::catalog
