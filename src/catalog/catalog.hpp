#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/hash.hpp"
#include "catalog/reporter.hpp"
#include "catalog/snapshot.hpp"
#include "os/file.hpp"
#include "os/thread_pool.hpp"

namespace pulse2::catalog {

struct CatalogOptions {
  std::vector<std::string> srcs;             ///< absolute folders; equal ones are one tree
  std::string cache_file;                    ///< hash cache; "" works without
  std::vector<std::string> follow_links_to;  ///< folders outside src that links may lead into
  /// Whether a package (src, pid) was put and waits for its files; empty: none does.
  std::function<bool(std::string_view, std::string_view)> waits_for_files;
  /// Least time between two snapshots; a scan takes longer while it writes MD5SUMS.
  std::chrono::milliseconds publish_interval{50};
  std::chrono::milliseconds progress_interval{5000};  ///< between two log lines of a long scan
};

/// How far the scan is.
struct Progress {
  enum class Phase { idle, looking, hashing, verifying, done };
  Phase phase = Phase::idle;
  std::uint64_t packages_found = 0;
  std::uint64_t packages_ready = 0;  ///< in the snapshot
  std::uint64_t packages_broken = 0;
  std::uint64_t files_total = 0;  ///< files that have to be read, known once looking is over
  std::uint64_t files_done = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_done = 0;
  double bytes_per_second = 0;  ///< since hashing began
  std::optional<std::chrono::seconds> time_left;
};

/// One line for logs and pages, e.g. "9 packages found, 4 ready, 0 broken; 12 of 90 files read, …".
[[nodiscard]] std::string describe(const Progress& progress);

/// The packages below every src. Scans and hashes on a pool, publishes from one thread of its own;
/// readers take snapshots and never wait for it.
class Catalog {
 public:
  /// `pool` and `reporter` must outlive the catalogue.
  Catalog(CatalogOptions options, os::ThreadPool& pool, Reporter& reporter);
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;
  /// Ends like stop().
  ~Catalog();

  /// Begins the scan and returns at once. Error `unavailable` when a src is missing or unreadable.
  [[nodiscard]] base::Expected<void> start();
  /// Opens other folders than the present ones, or the same with other targets of links, without
  /// changing anything yet. Error `unavailable` when a src is missing or unreadable. What comes
  /// back takes them over: trees that are no longer named vanish at once, new ones are scanned in
  /// the background, trees whose links may lead elsewhere are served as they were until they are
  /// scanned anew. From one thread, after start(); to be called before the next prepare_trees().
  [[nodiscard]] base::Expected<std::function<void()>> prepare_trees(
      const std::vector<std::string>& srcs, const std::vector<std::string>& follow_links_to);
  /// Gives up what is not hashed yet; waits for tasks that run. Snapshots stay valid.
  void stop();

  /// Never null: before the first package is ready it is an empty one.
  [[nodiscard]] std::shared_ptr<const Snapshot> snapshot() const;
  [[nodiscard]] Progress progress() const;

  /// Waits until every package is published, and with `verified` until those believed by their
  /// MD5SUMS are verified too. False after `timeout`.
  [[nodiscard]] bool wait_until_ready(std::chrono::milliseconds timeout, bool verified = false);

  /// Puts an entry in the place of what `folder` of `src` holds, or takes that away when `entry` is
  /// null, and publishes before it returns. What the scan finds of the folder later does not count:
  /// who calls this knows better. Error `not_found` for an unknown src.
  [[nodiscard]] base::Expected<void> replace(std::string_view src, const std::string& folder,
                                             std::shared_ptr<const Entry> entry);
  /// What becomes of one folder.
  struct Change {
    std::string folder;
    Snapshot::EntryPointer expected;      ///< what is served of it now, null for nothing
    Snapshot::EntryPointer entry;         ///< what is to be served, null for nothing
    std::optional<BrokenPackage> broken;  ///< why nothing is to be served
  };
  /// Makes all changes in one step that is published soon, after those of others: many changes
  /// become few snapshots. False, and nothing changed, when anything is served of a folder but what
  /// was expected, or for an unknown src.
  [[nodiscard]] bool change(std::string_view src, std::vector<Change> changes);

  /// A folder that is served, or said to be unusable.
  struct Known {
    std::string folder;
    Snapshot::EntryPointer entry;         ///< null: not served
    std::optional<BrokenPackage> broken;  ///< why not
  };
  /// What is known of the folders that are `place` or stand below it ("": all), in byte order: what
  /// change() compares with, not yet published changes included. Nothing for a src that is not
  /// served or whose packages are still being read.
  [[nodiscard]] std::optional<std::vector<Known>> known(std::string_view src,
                                                        std::string_view place) const;
  /// Whether all packages of that src are in the snapshot, if they can be read.
  [[nodiscard]] bool is_found(std::string_view src) const;
  /// The package of that id as known() has it. Null when there is none.
  [[nodiscard]] Snapshot::EntryPointer holder(std::string_view src, std::string_view pid) const;

  /// Saves the next start from reading a file again. `path` is absolute.
  void remember(std::string path, const os::FileStatus& status, const base::Md5Digest& digest);
  /// The MD5 of a file that is as it was when it was remembered. Reads the disk.
  [[nodiscard]] std::optional<base::Md5Digest> recall(const std::string& path,
                                                      const os::FileStatus& status);

 private:
  class Scan;
  std::unique_ptr<Scan> m_scan;
};

}  // namespace pulse2::catalog
