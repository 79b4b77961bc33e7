#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

/// Changes of whole folder trees, relative to open folders. Links are never followed.
namespace pulse2::os {

/// A folder of that name below `folder`, not reached through a link. Errors: `not_found`,
/// `permission_denied` for a link, others of open(2).
[[nodiscard]] base::Expected<UniqueFd> open_folder_at(int folder, const std::string& name);

/// The folder `path` below `folder`, opened one component after the other, through no link; the
/// folder itself for "". Errors as open_folder_at().
[[nodiscard]] base::Expected<UniqueFd> open_folder_below(int folder, std::string_view path);

/// Gives `to_name` in `to` the content of `from_name` in `from`: hard links where the file systems
/// are the same and allow it, else copies with the same mode and time, fsynced. Folders are made
/// with their mode; into a folder that exists the content is merged. Files that exist: error
/// `already_exists`. What was made before an error stays.
[[nodiscard]] base::Expected<void> clone_tree_at(int from, const std::string& from_name, int to,
                                                 const std::string& to_name);

/// Removes a file, a link or a folder with all its content; one that is missing is no error.
[[nodiscard]] base::Expected<void> remove_tree_at(int folder, const std::string& name);

/// Removes what writes that never ended left in the folder: everything whose name begins with
/// k_temporary_prefix. While nothing is being written there.
[[nodiscard]] base::Expected<void> remove_leftovers_at(int folder);

/// Removes the folder and those below it that hold nothing; what holds something stays.
void remove_empty_folders_at(int folder, const std::string& name);

/// fsync(2) of the folder and of every folder below it; with `files` also of the files.
[[nodiscard]] base::Expected<void> sync_tree_at(int folder, const std::string& name, bool files);

/// What stands there itself: a link is not followed.
[[nodiscard]] base::Expected<FileStatus> status_at(int folder, const std::string& name);

/// Makes a folder; false when the name is taken.
[[nodiscard]] base::Expected<bool> make_folder_at(int folder, const std::string& name, mode_t mode);
/// Removes a file or link, or with `is_folder` an empty folder.
[[nodiscard]] base::Expected<void> unlink_at(int folder, const std::string& name,
                                             bool is_folder = false);
/// rename(2): replaces what has the new name.
[[nodiscard]] base::Expected<void> rename_at(int from, const std::string& from_name, int to,
                                             const std::string& to_name);
/// openat(2), never through a link; O_CLOEXEC added.
[[nodiscard]] base::Expected<UniqueFd> open_at(int folder, const std::string& name, int flags,
                                               mode_t mode = 0);
/// Replaces a file in an open folder: temporary file, rename. Does not wait for the disk: after a
/// crash the old file, the new one or an empty one stands, until sync_file_system() was called.
/// After any failure the old file stands as it was. Returns the new file's status.
[[nodiscard]] base::Expected<FileStatus> write_file_unsynced_at(int folder, const std::string& name,
                                                                std::string_view bytes,
                                                                mode_t mode = 0644);
/// A path to a name in an open folder, for calls that take no descriptor; while it is open.
[[nodiscard]] std::string path_in(int folder, std::string_view name);
/// A second descriptor of the same open file.
[[nodiscard]] base::Expected<UniqueFd> duplicate(int fd);

/// A name that no other caller in this or another running process is given.
[[nodiscard]] std::string unique_name();

/// Size and free bytes of a file system, as far as this user may fill it.
struct Space {
  std::uint64_t total = 0;
  std::uint64_t free = 0;
};
[[nodiscard]] base::Expected<Space> space_of(int fd);

/// Exchanges two names in one step. False when the file system can't.
[[nodiscard]] base::Expected<bool> exchange_at(int folder_a, const std::string& a, int folder_b,
                                               const std::string& b);

/// rename(2) that refuses to replace: error `already_exists`.
[[nodiscard]] base::Expected<void> rename_new_at(int from, const std::string& from_name, int to,
                                                 const std::string& to_name);

/// The same; false when the names are on different file systems.
[[nodiscard]] base::Expected<bool> rename_new_within(int from, const std::string& from_name, int to,
                                                     const std::string& to_name);

/// Moves a file or a folder with all its content, also to another file system: then it is copied,
/// synced and removed. Error `already_exists` when the new name is taken.
[[nodiscard]] base::Expected<void> move_tree_at(int from, const std::string& from_name, int to,
                                                const std::string& to_name);

/// Makes the folders of an absolute path that are missing, each less the umask. Returns those made.
[[nodiscard]] base::Expected<std::vector<std::string>> make_path(const std::string& path,
                                                                 mode_t mode);

}  // namespace pulse2::os
