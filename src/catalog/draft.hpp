#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "catalog/package_reader.hpp"
#include "os/beneath.hpp"
#include "os/thread_pool.hpp"
#include "os/unique_fd.hpp"
#include "package/package.hpp"

/// The next state of one package, prepared in the staging folder of its src.
namespace pulse2::catalog {

/// A package's description in the files that hold it.
struct Description {
  std::optional<package::Package> json;  ///< what conf.json says; it counts where both are
  std::optional<package::Package> xml;

  [[nodiscard]] const package::Package& current() const { return json ? *json : *xml; }
};

/// Prepares a package's next state beside it: a folder with hard links to what stays, fully synced
/// before it takes the package's place in one step. Nothing is visible before commit(); a draft
/// that is not committed leaves nothing behind. For one thread.
class Draft {
 public:
  /// `folder` is the package's folder relative to the root. Error `permission_denied` for one that
  /// is reached through a link.
  [[nodiscard]] static base::Expected<Draft> open(os::Root root, std::string folder);
  Draft(Draft&& other) noexcept = default;
  Draft& operator=(Draft&&) = delete;
  Draft(const Draft&) = delete;
  Draft& operator=(const Draft&) = delete;
  ~Draft();

  /// Reads description and file list of the package that is there.
  [[nodiscard]] base::Expected<void> read(Reporter& reporter);
  /// The description with what only editing needs. Error for a file that does not parse.
  [[nodiscard]] base::Expected<Description> read_description() const;

  /// Makes the staged folder: empty for a new package, else with links to everything.
  [[nodiscard]] base::Expected<void> stage_new();
  [[nodiscard]] base::Expected<void> stage_links();
  /// Takes over a file or folder from elsewhere, in the place of what has its name.
  [[nodiscard]] base::Expected<void> stage_item(int from, const std::string& item);
  /// Removes a file of the package from the staged folder.
  [[nodiscard]] base::Expected<void> unstage_file(const std::string& name);
  [[nodiscard]] base::Expected<void> stage_text(std::string_view name, const std::string& text);

  /// Hashes every staged file whose hash is not known.
  [[nodiscard]] base::Expected<void> hash(os::ThreadPool& pool, const std::atomic<bool>& cancelled);

  /// Syncs the staged folder and puts it in the package's place; the old state stays staged until
  /// settle(). After an error of these steps, and of those that follow, the package is as it was.
  [[nodiscard]] base::Expected<void> commit_new();
  [[nodiscard]] base::Expected<void> commit_exchange();
  /// Puts the old state back after commit_exchange().
  [[nodiscard]] base::Expected<void> undo_exchange();
  /// Takes the package's folder away.
  [[nodiscard]] base::Expected<void> commit_removal();
  /// Replaces one file of the package where it is.
  [[nodiscard]] base::Expected<void> write_in_place(std::string_view name, const std::string& text);
  /// Renames the descriptions that there are to `<name>.rem`.
  [[nodiscard]] base::Expected<void> commit_withdrawal();
  /// After a commit: removes the old state and reads the statuses anew, which links and renames
  /// changed. False when the package's folder is not what was made of it: somebody else is at work
  /// there.
  [[nodiscard]] bool settle();

  [[nodiscard]] FoundPackage& package() noexcept { return m_package; }
  [[nodiscard]] const FoundPackage& package() const noexcept { return m_package; }
  [[nodiscard]] const os::Root& root() const noexcept { return m_root; }

  /// Clears the staging folder of a src and completes exchanges that a crash interrupted. True
  /// when there was something.
  [[nodiscard]] static base::Expected<bool> recover(const std::string& src);

 private:
  Draft(os::Root root, std::string folder) : m_root(std::move(root)) {
    m_package.folder = std::move(folder);
  }
  [[nodiscard]] base::Expected<void> open_staging();
  [[nodiscard]] base::Expected<void> list_added(int folder, const std::string& name);
  [[nodiscard]] base::Expected<void> exchange_by_renames();
  void remove_litter();
  [[nodiscard]] base::Expected<void> swap_by_renames(const std::string& old);
  [[nodiscard]] std::string staged_path() const;

  os::Root m_root;
  os::UniqueFd m_parent;   ///< the folder that holds the package's folder
  os::UniqueFd m_staging;  ///< open as soon as something is staged
  std::string m_last;      ///< the package's folder in m_parent
  std::string m_name;      ///< the staged folder in m_staging, empty while there is none
  FoundPackage m_package;
};

}  // namespace pulse2::catalog
