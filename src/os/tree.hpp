#pragma once

#include <string>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

/// Changes of whole folder trees, relative to open folders. Links are never followed.
namespace pulse2::os {

/// A folder of that name below `folder`, not reached through a link. Errors: `not_found`,
/// `permission_denied` for a link, others of open(2).
[[nodiscard]] base::Expected<UniqueFd> open_folder_at(int folder, const std::string& name);

/// Gives `to_name` in `to` the content of `from_name` in `from`: hard links where the file systems
/// are the same and allow it, else copies with the same mode and time, fsynced. Folders are made
/// with their mode; into a folder that exists the content is merged. Files that exist: error
/// `already_exists`. What was made before an error stays.
[[nodiscard]] base::Expected<void> clone_tree_at(int from, const std::string& from_name, int to,
                                                 const std::string& to_name);

/// Removes a file, a link or a folder with all its content; one that is missing is no error.
[[nodiscard]] base::Expected<void> remove_tree_at(int folder, const std::string& name);

/// fsync(2) of the folder and of every folder below it; with `files` also of the files.
[[nodiscard]] base::Expected<void> sync_tree_at(int folder, const std::string& name, bool files);

/// Exchanges two names in one step. False when the file system can't.
[[nodiscard]] base::Expected<bool> exchange_at(int folder_a, const std::string& a, int folder_b,
                                               const std::string& b);

/// rename(2) that refuses to replace: error `already_exists`.
[[nodiscard]] base::Expected<void> rename_new_at(int from, const std::string& from_name, int to,
                                                 const std::string& to_name);

/// Moves a file, also to another file system; durable when it returns. An old file of that name is
/// replaced. After a failure the source is complete and the target as it was.
[[nodiscard]] base::Expected<void> move_file_at(int from, const std::string& from_name, int to,
                                                const std::string& to_name);

}  // namespace pulse2::os
