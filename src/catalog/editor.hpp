#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/guarded_pointer.hpp"
#include "catalog/catalog.hpp"
#include "catalog/draft.hpp"
#include "catalog/package_locks.hpp"
#include "catalog/reporter.hpp"
#include "catalog/sync_ledger.hpp"
#include "os/thread_pool.hpp"
#include "package/package.hpp"
#include "store/state.hpp"

namespace pulse2::catalog {

struct EditorOptions {
  std::vector<std::string> srcs;             ///< the trees that may be changed, as configured
  std::vector<std::string> follow_links_to;  ///< as in CatalogOptions
  bool real_deletion = true;  ///< false: a dropped package keeps its files, withdrawn by `.rem`
  /// Why a tree must not be changed now, nothing when it may; empty: each may. Called by any
  /// thread.
  std::function<std::optional<std::string>(std::string_view src)> objection = {};
};

/// Changes packages. Each function prepares the new state beside the old one, makes it durable,
/// puts it in its place in one step and publishes it before it returns; after an error everything
/// is as it was. Changes of one package follow each other, those of others run side by side.
///
/// To be called from tasks of a pool: everything waits for disks.
class Editor {
 public:
  using EntryPointer = Snapshot::EntryPointer;
  /// Changes a description; `is_new` tells one that has only its id yet.
  using Change = std::function<base::Expected<void>(package::Package& description, bool is_new)>;

  /// All references must outlive the editor. Large files are hashed by several threads of `pool`.
  Editor(EditorOptions options, Catalog& catalog, store::State& state, SyncLedger& ledger,
         PackageLocks& locks, os::ThreadPool& pool, Reporter& reporter);
  Editor(const Editor&) = delete;
  Editor& operator=(const Editor&) = delete;

  /// Clears away what a crash left in the staging folders, completing what it interrupted. Before
  /// the catalogue starts.
  void recover();
  /// Other options, for calls that begin from now on. Trees that could not be changed before are
  /// cleared as recover() does it.
  void set_options(EditorOptions options);
  /// Gives up hashing: calls that run end with `cancelled`.
  void cancel() noexcept { m_cancelled = true; }

  struct PutResult {
    EntryPointer entry;
    bool is_new = false;
  };
  /// Creates or edits a package. `waits`: a new one waits for associate(). Errors: what `change`
  /// answers, `permission_denied` for a package of a tree that may not be changed,
  /// `already_exists` when the folder of a new one is taken, `unavailable` while a package of that
  /// id may still be found.
  [[nodiscard]] base::Expected<PutResult> put(std::string_view src, const std::string& pid,
                                              const Change& change, bool waits);

  /// What comes into a package.
  struct Addition {
    int folder = -1;   ///< open folder that holds it now; the caller keeps it open
    std::string item;  ///< a file or folder of that name, in both places
  };
  /// Moves files and folders into a package and ends its wait. What has the same name in the
  /// package is replaced; a description or MD5SUMS among them is left out. Errors: `not_found` for
  /// the package, `invalid_argument` for names or kinds of files that packages can't have.
  [[nodiscard]] base::Expected<EntryPointer> add(std::string_view src, std::string_view pid,
                                                 const std::vector<Addition>& additions);

  /// Removes files, all or none. `names` are relative to the package.
  [[nodiscard]] base::Expected<EntryPointer> remove(std::string_view src, std::string_view pid,
                                                    const std::vector<std::string>& names);

  /// Notes that a client uploads into that folder (absolute): it is no package to be taken over,
  /// for a day or until end_upload().
  [[nodiscard]] base::Expected<void> begin_upload(const std::string& folder);
  void end_upload(const std::string& folder);

  /// Removes or withdraws the package. One that was dropped before is no error.
  [[nodiscard]] base::Expected<void> drop(std::string_view src, std::string_view pid);

 private:
  void recover(const std::string& src);
  [[nodiscard]] EntryPointer find(std::string_view src, std::string_view pid) const;
  [[nodiscard]] base::Expected<EntryPointer> find_editable(std::string_view src,
                                                           std::string_view pid) const;
  [[nodiscard]] bool may_change(std::string_view src) const;
  /// Error `unavailable` for a tree that is out of sight: what was written would be lost.
  [[nodiscard]] base::Expected<void> check_tree(std::string_view src) const;
  [[nodiscard]] bool is_all_found() const;
  /// To be kept until the change is published.
  [[nodiscard]] base::Expected<SyncLedger::ChangePointer> note_change(const Entry& entry);
  [[nodiscard]] base::Expected<Draft> draft_of(const Entry& entry);
  [[nodiscard]] base::Expected<EntryPointer> create(std::string_view src, const std::string& pid,
                                                    const Change& change, bool waits);
  [[nodiscard]] base::Expected<EntryPointer> edit(const Entry& entry, const Change& change);
  [[nodiscard]] base::Expected<void> write(Draft& draft, const Description& description,
                                           package::Package edited);
  /// What a draft that was put in its place made.
  [[nodiscard]] EntryPointer publish(Draft& draft, std::shared_ptr<const std::string> src,
                                     std::uint64_t generation);
  void serve(std::string_view src, const std::string& folder, EntryPointer entry);
  [[nodiscard]] base::Expected<EntryPointer> end_wait(const EntryPointer& entry);
  [[nodiscard]] base::Expected<void> take_away(Draft& draft);
  /// Removes what went into the package; what came meanwhile stays.
  void clear_upload(const Addition& addition, const std::vector<FoundFile>& files);

  base::GuardedPointer<EditorOptions> m_options;
  Catalog& m_catalog;
  store::State& m_state;
  SyncLedger& m_ledger;
  PackageLocks& m_locks;
  os::ThreadPool& m_pool;
  Reporter& m_reporter;
  std::atomic<bool> m_cancelled{false};
};

}  // namespace pulse2::catalog
