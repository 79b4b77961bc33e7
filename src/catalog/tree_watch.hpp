#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "catalog/reporter.hpp"
#include "os/folder_watcher.hpp"

namespace pulse2::catalog {

/// Which folders of which trees the system watches for us. For one thread.
class TreeWatch {
 public:
  /// Something may have changed.
  struct Hint {
    std::size_t tree = 0;
    std::string folder;      ///< relative to the tree, "" is its root
    std::string name;        ///< in it; empty: the folder itself moved
    bool is_folder = false;  ///< what has that name
  };
  struct Hints {
    std::vector<Hint> hints;
    bool is_incomplete = false;  ///< some were lost
  };

  /// Both must outlive it.
  TreeWatch(os::FolderWatcher& watcher, Reporter& reporter)
      : m_watcher(watcher), m_reporter(reporter) {}

  /// To be called for each folder before it is listed: what changes later gives a hint.
  void see(std::size_t tree, const std::string& folder, int fd);
  /// Around a look at the whole tree: folders that were not seen in between are let go of.
  void begin_round(std::size_t tree);
  void end_round(std::size_t tree);
  /// Lets go of the whole tree.
  void forget(std::size_t tree);

  [[nodiscard]] Hints take();

 private:
  struct Watched {
    os::FolderWatcher::Id id = 0;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t round = 0;
  };
  struct Tree {
    std::uint64_t round = 0;
    std::unordered_map<std::string, Watched> folders;
  };
  struct Place {
    std::size_t tree = 0;
    std::string folder;
  };

  void report_failure(const base::Error& error);
  void let_go(os::FolderWatcher::Id id);
  /// Takes the folder out when it is the one of that watch.
  void take_out(const Place& place, os::FolderWatcher::Id id);

  os::FolderWatcher& m_watcher;
  Reporter& m_reporter;
  std::map<std::size_t, Tree> m_trees;
  std::unordered_map<os::FolderWatcher::Id, Place> m_places;
  bool m_is_full = false;  ///< the system watches no more folders for now
  bool m_limit_reported = false;
  bool m_overflow_reported = false;
};

}  // namespace pulse2::catalog
