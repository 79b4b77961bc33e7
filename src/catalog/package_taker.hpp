#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/package_locks.hpp"
#include "catalog/package_reader.hpp"
#include "catalog/reporter.hpp"
#include "catalog/sync_ledger.hpp"
#include "os/beneath.hpp"
#include "os/thread_pool.hpp"
#include "store/state.hpp"

namespace pulse2::catalog {

/// What detection works with. Everything must outlive it.
struct DetectionParts {
  Catalog& catalog;
  store::State& state;
  SyncLedger& ledger;
  PackageLocks& locks;
  os::ThreadPool& pool;
  Reporter& reporter;
};

/// What became of a folder.
enum class Outcome {
  done,      ///< it is served as it is, or not any more
  again,     ///< it changes, or a call is at work on it: to be looked at later
  unusable,  ///< nothing to do until it changes
  nothing,   ///< nothing was served of it any more
};

/// Brings into the catalogue what was done to one folder of a tree by hand. Each change is noted
/// for the mirrors first, and refused when the catalogue holds something else than was looked at.
/// Thread-safe; waits for the disk.
class PackageTaker {
 public:
  /// `cancelled` ends what is being hashed.
  PackageTaker(const DetectionParts& parts, const std::atomic<bool>& cancelled)
      : m_parts(parts), m_cancelled(cancelled) {}

  /// A complete package that is new or changed, or that stood at `from` until it was renamed: reads
  /// what is not known of it and serves it.
  [[nodiscard]] Outcome take(const os::Root& root, const std::string& folder,
                             const std::string& from = {}) const;
  /// Withdraws a package whose files are being changed, until it is taken again.
  [[nodiscard]] Outcome withdraw(const os::Root& root, const std::string& folder) const;
  /// Withdraws a package that has no description any more; what is left of its files stays.
  [[nodiscard]] Outcome vanish(const os::Root& root, const std::string& folder) const;

 private:
  struct Work;

  [[nodiscard]] Outcome reject(const os::Root& root, const std::string& folder,
                               const Defect& defect) const;
  [[nodiscard]] base::Expected<void> hash(const os::Root& root, Work& work) const;
  void recall(const os::Root& root, Work& work) const;
  [[nodiscard]] Outcome publish(const os::Root& root, Work& work) const;
  /// Another folder that is served with the same id, else null.
  [[nodiscard]] Snapshot::EntryPointer rival_of(const std::string& src, const Work& work) const;
  void report_duplicate(const BrokenPackage& broken) const;
  [[nodiscard]] Outcome stand_back(const std::string& src, const Work& work,
                                   const Catalog::Known& present, const Entry& rival) const;
  /// In the place of `rival`, which may be null.
  [[nodiscard]] Outcome serve(const os::Root& root, Work& work,
                              const Snapshot::EntryPointer& rival) const;
  void report_taken(const std::string& src, const Work& work, const Entry& entry) const;
  /// Notes for the mirrors that what is served of the folder changes, if anything is.
  [[nodiscard]] base::Expected<SyncLedger::ChangePointer> note(const std::string& src,
                                                               const Catalog::Known& known) const;
  /// The lock of the package that is served, nothing when somebody holds it.
  [[nodiscard]] std::optional<PackageLocks::Guard> lock_if(bool is_wanted,
                                                           const Catalog::Known& known) const;
  [[nodiscard]] Catalog::Known known(const std::string& src, const std::string& folder) const;

  DetectionParts m_parts;
  const std::atomic<bool>& m_cancelled;
  mutable std::atomic<bool> m_write_failure_reported{false};
};

}  // namespace pulse2::catalog
