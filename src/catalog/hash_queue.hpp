#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "base/md5_lanes.hpp"
#include "catalog/progress_meter.hpp"
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

/// Files of one root that wait to be hashed, and how several threads share them out. Callable from
/// any thread.
class HashQueue {
 public:
  class Worker;

  /// `threads`: how many workers there are at most. `is_cancelled` is asked by workers. All
  /// references outlive the queue.
  HashQueue(const os::Root& root, std::size_t threads, ProgressMeter& meter,
            std::function<bool()> is_cancelled);

  void add(std::shared_ptr<HashedFiles> files, std::size_t file);
  /// Whether no file waits; some may still be open in workers.
  [[nodiscard]] bool is_empty() const;

 private:
  struct Item {
    std::shared_ptr<HashedFiles> files;
    std::size_t file = 0;
  };

  /// Files for somebody who has `open` ones and room for `room`: no more than leave the other
  /// threads that share them as many.
  [[nodiscard]] std::vector<Item> next(std::size_t open, std::size_t room);
  void end(const Item& item, base::Expected<base::Md5Digest> digest);

  const os::Root& m_root;
  const std::size_t m_sharing;  ///< threads that few files are dealt out to
  ProgressMeter& m_meter;
  const std::function<bool()> m_is_cancelled;

  mutable std::mutex m_mutex;  ///< guards what follows
  std::deque<Item> m_waiting;
  std::size_t m_unfinished = 0;  ///< files that wait or are open
};

/// What one thread does: it keeps as many files open as the processor's vectors have lanes, and
/// hashes one in each (base/md5_lanes.hpp says what each kind gains). For one thread at a time.
class HashQueue::Worker {
 public:
  /// The queue outlives the worker.
  explicit Worker(HashQueue& queue);
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker();

  /// Hashes until no file is left, or 64 MiB were read: true then, and files stay open until it is
  /// called again. All files are done when no worker has more to do and the queue is empty.
  [[nodiscard]] bool run();

 private:
  struct Open;

  void open_more();
  void open(Item item);
  void read_chunks();
  void end(Open open);
  [[nodiscard]] std::optional<base::Md5Part> read_chunk(Open& open, char* buffer);

  HashQueue& m_queue;
  std::size_t m_lanes;
  std::unique_ptr<char[]> m_buffer;  ///< a chunk for each lane
  std::vector<Open> m_open;
  std::uint64_t m_spent = 0;  ///< since run() was called: bytes read, and costs of files opened
};

}  // namespace pulse2::catalog
