#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "catalog/entry_builder.hpp"
#include "catalog/file_hasher.hpp"
#include "catalog/package_reader.hpp"
#include "catalog/progress_meter.hpp"
#include "catalog/snapshot.hpp"
#include "catalog/task_group.hpp"

namespace pulse2::catalog {

/// What became of one folder. With neither entry nor reason it is no longer served.
struct ScanEvent {
  std::size_t tree = 0;
  std::string folder;
  std::shared_ptr<const Entry> entry;
  std::optional<BrokenPackage> broken;
  std::shared_ptr<const std::string> unsynced = nullptr;  ///< as in BuiltEntry
};

/// From the workers to the one thread that publishes.
class EventQueue {
 public:
  void push(ScanEvent event);
  [[nodiscard]] std::vector<ScanEvent> drain();

 private:
  std::mutex m_mutex;
  std::vector<ScanEvent> m_events;
};

/// What all trees of a scan share. Everything must outlive the scan.
struct ScanContext {
  TaskGroup& tasks;
  EventQueue& events;
  ProgressMeter& meter;
  Reporter& reporter;
};

/// Scans one src in steps. Each step posts tasks and returns; the next one may begin when the
/// task group is idle. Steps are called from one thread.
class TreeScan {
 public:
  TreeScan(os::Root root, std::size_t number, ScanContext context);

  /// Finds the packages and reads their descriptions.
  void look();
  /// Hashes what was found and is not remembered, and hands out the entries. `cache` may be null
  /// and must outlive the scan.
  void hash(store::HashCache* cache);
  /// Reads, at low priority, the packages whose MD5SUMS was believed.
  void verify();
  [[nodiscard]] bool has_to_verify() const { return !m_believed.empty(); }
  /// Reads those packages anew that changed while they were read.
  void retry();
  [[nodiscard]] bool has_unsettled() const { return !m_unsettled.empty(); }
  /// Reports what is still unsettled as broken.
  void give_up_unsettled();

  /// Makes the MD5SUMS durable that were written for those of `events` that are this scan's, or
  /// has them served from memory. False when there was none to wait for. Waits for the disk.
  bool sync(std::vector<ScanEvent>& events);

  /// False when some folder could not be read: what was not found may exist nevertheless.
  [[nodiscard]] bool is_complete() const noexcept { return m_complete; }

 private:
  struct Job;
  struct Ancestor;
  using JobPointer = std::shared_ptr<Job>;

  void look_into(const std::string& folder, std::shared_ptr<const Ancestor> parent);
  void look_at_items(const std::string& folder, const std::vector<os::FolderItem>& items,
                     const std::shared_ptr<const Ancestor>& self);
  void look_at_link(const std::string& path, const std::shared_ptr<const Ancestor>& self);
  /// A package in the open folder `fd` that holds `items`.
  void read_found(const std::string& folder, int fd, const std::vector<os::FolderItem>& items);
  void report_unreadable(const std::string& folder, const base::Error& error);

  [[nodiscard]] std::vector<FoundPackage> take_unique();
  void prepare(FoundPackage package, std::uint64_t generation);
  static void hash_files(FileHasher& hasher, const JobPointer& job,
                         const std::vector<std::size_t>& files);
  void take_hash(Job& job, std::size_t number, base::Expected<base::Md5Digest> digest);
  /// A served package is not what MD5SUMS says: it is not served any more.
  void withdraw(const Job& job, std::size_t file);
  void emit(FoundPackage& package, std::uint64_t generation);
  void report_broken(const std::string& folder, const Defect& defect, Severity severity,
                     std::string_view id);
  void report_duplicate(const FoundPackage& package, const FoundPackage& first);
  void settle_later(const Job& job);
  void report_write_failure(const base::Error& error);
  [[nodiscard]] std::string path_of(const FoundPackage& package, const std::string& name) const;

  os::Root m_root;
  std::size_t m_number;
  ScanContext m_context;
  store::HashCache* m_cache = nullptr;  ///< may stay null
  EntryBuilder m_builder;
  FileHasher m_hasher;
  FileHasher m_verifier;
  std::atomic<bool> m_complete{true};
  std::atomic<bool> m_write_failed{false};
  bool m_sync_failed = false;  ///< of the thread that takes the steps

  std::mutex m_mutex;  ///< guards what follows while tasks run
  std::vector<FoundPackage> m_found;
  std::vector<std::pair<JobPointer, std::vector<std::size_t>>> m_believed;  ///< files to verify
  std::vector<std::pair<std::string, std::uint64_t>> m_unsettled;  ///< folder and generation
};

}  // namespace pulse2::catalog
