#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "os/file.hpp"

/// A vanished tree is not an empty one: an unmounted src must neither empty the catalogue nor be
/// copied over the mirrors.
namespace pulse2::catalog {

/// What a look at a tree shows of the packages that are served from it.
struct TreeSight {
  bool is_same_root = true;  ///< the src is the folder that it was
  std::size_t served = 0;    ///< packages served before the look
  std::size_t missing = 0;   ///< those that are not there any more, renamed ones not counted
};

/// Why the packages may not be gone but only out of sight, nothing when they are gone. More than
/// `limit` per cent of the served ones, and at least 5, may vanish at once; none when the src is
/// another folder than before.
[[nodiscard]] std::optional<std::string> doubt(const TreeSight& sight, int limit);

/// A tree that is served as it was, and why.
struct FrozenTree {
  std::string src;
  std::string reason;  ///< for people
};

/// Remembers which folder each src is, and which trees are frozen because it is doubtful that their
/// packages were deleted. For any thread.
class TreeGuard {
 public:
  /// These are the trees from now on. Those that are new are what stands there now; for those that
  /// were objected to, the operator says so (a start or a reload): they are thawed. Returns the
  /// latter.
  std::vector<std::string> confirm(const std::vector<std::string>& srcs);

  /// Why nothing may be copied from this src or deleted because of it now; nothing when all is
  /// well, or for an unknown src. Looks at the disk: one stat. Mirroring asks before each run.
  [[nodiscard]] std::optional<std::string> objection(std::string_view src) const;

  /// Whether that is the status of the folder that the src is.
  [[nodiscard]] bool is_same_root(std::string_view src, const os::FileStatus& root) const;
  /// The packages of the src are there: it is this folder from now on, and not frozen.
  void adopt(std::string_view src, const os::FileStatus& root);
  /// True when it was not frozen before.
  bool freeze(std::string_view src, std::string reason);

  /// In the order of their names.
  [[nodiscard]] std::vector<FrozenTree> frozen() const;
  [[nodiscard]] bool is_frozen(std::string_view src) const;

 private:
  struct Tree {
    std::optional<os::FileStatus> root;  ///< nothing when it could not be looked at
    std::string frozen_because;          ///< empty: not frozen
    mutable bool was_objected_to = false;
  };
  [[nodiscard]] const Tree* find(std::string_view src) const;

  mutable std::mutex m_mutex;  ///< guards m_trees
  std::map<std::string, Tree, std::less<>> m_trees;
};

}  // namespace pulse2::catalog
