#pragma once

#include <fcntl.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::os {

/// A folder that nothing opened through it can leave: no `..`, no absolute path, no link out.
/// Links that stay inside, absolute ones included, are followed. Safe against renames and links
/// made while a path is resolved. Copies of nothing: move-only, the folder stays open.
class Root {
 public:
  /// Opens the folder. `follow_links_to`: folders outside that links may lead into.
  [[nodiscard]] static base::Expected<Root> open(
      const std::string& path, const std::vector<std::string>& follow_links_to = {});

  /// Opens `relative` (no leading slash; "" is the folder itself) with open(2)'s flags, O_CLOEXEC
  /// added. Errors: `permission_denied` for what would leave the root, `not_found`, others of
  /// open(2). A FIFO blocks unless O_NONBLOCK is in the flags.
  [[nodiscard]] base::Expected<UniqueFd> open_beneath(std::string_view relative,
                                                      int flags = O_RDONLY) const;

  [[nodiscard]] int fd() const noexcept { return m_folder.get(); }
  /// As it was given to open(), without slashes at the end.
  [[nodiscard]] const std::string& path() const noexcept { return m_path; }

 private:
  /// Resolves without opening, looks where it ended, and only then opens.
  [[nodiscard]] base::Expected<UniqueFd> open_checked(const std::string& relative, int flags) const;

  UniqueFd m_folder;
  std::string m_path;
  std::vector<std::string> m_allowed;  ///< real paths in which a resolved path may end
};

}  // namespace pulse2::os
