#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "os/file.hpp"
#include "store/sqlite.hpp"

namespace pulse2::store {

/// Remembers the MD5 of files by path, device, inode, size, mtime and ctime. Disposable: a damaged
/// file or one of a newer version is thrown away and begun afresh.
///
/// find(), remember(), pending() and flush() may be called from any thread; forget_unused() and
/// release() only when no find() runs.
class HashCache {
 public:
  /// Opens or creates the file and reads all that is remembered (50 bytes a file). Errors: the
  /// folder is missing, not writable…
  [[nodiscard]] static base::Expected<std::unique_ptr<HashCache>> open(const std::string& path);

  /// Why the file had to be begun afresh; empty when it had not.
  [[nodiscard]] const std::string& recreated_because() const noexcept { return m_recreated; }

  /// The file's MD5 if it is unchanged since it was remembered.
  [[nodiscard]] std::optional<base::Md5Digest> find(const std::string& path,
                                                    const os::FileStatus& status);

  /// As find(), in the file and in what waits to be written: for a few files after release().
  /// Callable from any thread.
  [[nodiscard]] std::optional<base::Md5Digest> look_up(const std::string& path,
                                                       const os::FileStatus& status);

  /// Queues a hash for the next flush().
  void remember(std::string path, const os::FileStatus& status, const base::Md5Digest& digest);
  [[nodiscard]] std::size_t pending() const;
  /// Writes what is queued in one transaction. What could not be written is dropped.
  [[nodiscard]] base::Expected<void> flush();

  /// Deletes what was not found since open(): to be called after a complete scan.
  [[nodiscard]] base::Expected<void> forget_unused();
  /// Frees the memory. find() finds nothing afterwards.
  void release();

 private:
  /// A loaded row; the key is a digest of path and status.
  struct Row {
    base::Md5Digest key{};
    base::Md5Digest digest{};
    std::int64_t id = 0;
  };
  struct Pending {
    std::string path;
    os::FileStatus status;
    base::Md5Digest digest{};
  };

  HashCache(Database database, std::string recreated)
      : m_database(std::move(database)), m_recreated(std::move(recreated)) {}

  [[nodiscard]] base::Expected<void> load();
  void index();
  /// Where the row of that key is found, or free.
  [[nodiscard]] std::size_t slot_of(const base::Md5Digest& key) const;
  [[nodiscard]] base::Expected<void> write(const std::vector<Pending>& batch);
  [[nodiscard]] base::Expected<void> remove_unused_rows();

  std::mutex m_database_mutex;  ///< guards m_database
  Database m_database;
  std::string m_recreated;
  std::vector<Row> m_rows;                ///< constant between open and forget
  std::vector<std::atomic<bool>> m_used;  ///< beside m_rows
  std::vector<std::uint32_t> m_slots;     ///< open addressing by key: places in m_rows
  mutable std::mutex m_pending_mutex;     ///< guards m_pending
  std::vector<Pending> m_pending;
};

}  // namespace pulse2::store
