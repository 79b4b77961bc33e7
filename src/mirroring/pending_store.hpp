#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "mirroring/job.hpp"
#include "store/sqlite.hpp"

namespace pulse2::mirroring {

/// What each target lacks, on disk (option package_mirror_status_file). Callable from any thread;
/// waits for the disk.
class PendingStore {
 public:
  using Date = std::chrono::system_clock::time_point;
  using Names = std::vector<std::string>;

  /// A package that targets lack.
  struct Row {
    std::string src;
    Package package;
    Names targets;
    Date since;
  };
  /// A tree of which it is known what the target lacks.
  struct Filled {
    std::string src;
    std::string target;
    Date verified;
  };
  /// What the former server noted: packages of unknown trees.
  struct Former {
    std::string pid;
    Names targets;
  };
  struct Contents {
    std::vector<Row> rows;
    std::vector<Filled> filled;
    std::vector<Former> former;
  };

  /// Opens or makes the file, and the folders above it. A status file of the former server that
  /// stands there is taken over first and kept beside it as `<file>.migrated`: what it does not
  /// name is where it should be, for these trees and targets. One that can't be read, and a damaged
  /// database, are kept as `<file>.damaged`, with an error in the log: everything is pending then.
  /// Error `conflict` for a file of a newer version.
  [[nodiscard]] static base::Expected<std::unique_ptr<PendingStore>> open(const std::string& path,
                                                                          const Names& srcs,
                                                                          const Names& targets);

  [[nodiscard]] base::Expected<Contents> load();
  [[nodiscard]] const std::string& path() const noexcept { return m_path; }

  /// The targets lack the package. Durable when it returns, whatever was cleared before.
  [[nodiscard]] base::Expected<void> add(const std::vector<Row>& rows);
  /// The target has the package; reaches the disk with the next flush() or add(). Does not wait.
  void clear(const std::string& src, const std::string& folder, const std::string& target);
  [[nodiscard]] base::Expected<void> flush();

  /// From now on these targets lack just these packages of the tree, and those added before.
  [[nodiscard]] base::Expected<void> fill(const std::string& src, const Names& targets,
                                          const std::vector<Row>& rows, Date now);
  [[nodiscard]] base::Expected<void> set_verified(const std::string& src, const std::string& target,
                                                  Date now);
  /// What the former server noted is among the rows now.
  [[nodiscard]] base::Expected<void> replace_former(const std::vector<Row>& rows);
  /// Forgets all other trees and targets.
  [[nodiscard]] base::Expected<void> retain(const Names& srcs, const Names& targets);

 private:
  struct Cleared {
    std::string src;
    std::string folder;
    std::string target;
  };

  PendingStore(std::string path, store::Database database)
      : m_path(std::move(path)), m_database(std::move(database)) {}
  [[nodiscard]] static base::Expected<std::unique_ptr<PendingStore>> open_database(
      const std::string& path);
  [[nodiscard]] static base::Expected<void> take_over(const std::string& path, const Names& srcs,
                                                      const Names& targets);
  [[nodiscard]] base::Expected<void> add_former(const std::vector<Former>& former,
                                                const Names& srcs, const Names& targets, Date now);
  [[nodiscard]] base::Expected<void> write_cleared();
  [[nodiscard]] base::Expected<void> write_rows(const std::vector<Row>& rows);
  [[nodiscard]] base::Expected<void> write_filled(const std::string& src, const Names& targets,
                                                  Date now);
  [[nodiscard]] base::Expected<void> read_rows(Contents& contents);
  [[nodiscard]] base::Expected<void> read_others(Contents& contents);

  std::string m_path;
  std::mutex m_mutex;  ///< one user of the database at a time
  store::Database m_database;
  std::mutex m_cleared_mutex;  ///< the last one taken
  std::vector<Cleared> m_cleared;
};

}  // namespace pulse2::mirroring
