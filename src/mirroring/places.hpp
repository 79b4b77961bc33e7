#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace pulse2::mirroring {

/// The folders that packages are copied from. To remove a package at a target, an empty folder of
/// its name stands in its place here for a moment (contract 05). Callable from any thread; waits
/// for the disk.
class Places {
 public:
  /// Notes which folders the trees are: what stands there later, in an unmounted one's place, is no
  /// tree of ours. Missing ones are noted as missing.
  void know(const std::vector<std::string>& srcs);
  /// Whether the tree is the folder that it was.
  [[nodiscard]] bool is_as_known(const std::string& src) const;

  /// Where a package is, or what of its path is gone.
  struct Place {
    bool is_there = false;
    std::string folder;  ///< relative to src: the package's own, or the first one that is missing
  };
  /// An empty folder, which a crash may have left, is taken away: such a package is gone.
  [[nodiscard]] base::Expected<Place> look(const std::string& src, const std::string& folder);
  /// False where none may stand now: something reads the folder above. Several users share one.
  [[nodiscard]] base::Expected<bool> make_empty(const std::string& src, const std::string& folder);
  /// The last of its users removes it. False when it was taken away before.
  bool remove_empty(const std::string& src, const std::string& folder);
  /// A package is made here: an empty folder of ours gives way.
  void make_way(std::string_view src, std::string_view folder);
  /// From now on the folder (absolute) is read as it is for a target: nothing of ours stands in it,
  /// or anywhere below it.
  void begin_reading(const std::string& path);
  void end_reading(const std::string& path);

 private:
  using Identity = std::pair<std::uint64_t, std::uint64_t>;  ///< device and inode; zeros: missing

  mutable std::mutex m_mutex;  ///< guards what follows
  std::map<std::string, Identity> m_known;
  void take_away(const std::string& path);

  std::map<std::string, std::size_t> m_empty;  ///< absolute folders and their users
  std::multiset<std::string> m_read;           ///< absolute folders
};

}  // namespace pulse2::mirroring
