#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/snapshot.hpp"

namespace pulse2::catalog {

/// What is to be known of a folder from now on.
struct Placement {
  std::string folder;
  Snapshot::EntryPointer entry;         ///< null: nothing is served of it
  std::optional<BrokenPackage> broken;  ///< why not
};

/// A tree that is scanned, served or both. While a served one is scanned anew, the next one of the
/// same src stands behind it and is not served yet.
struct LiveTree {
  std::size_t number = 0;  ///< never used again
  Snapshot::Tree content;
  bool is_served = true;
  bool is_found = false;                ///< every package was read once
  bool is_scanned = false;              ///< the scan is over
  std::set<std::string> replaced = {};  ///< folders of which others know better than the scan
  std::map<std::string, BrokenPackage> broken = {};  ///< by folder

  /// Null when nothing is served of the folder.
  [[nodiscard]] Snapshot::EntryPointer find(const std::string& folder) const;
  /// In one pass over the tree: a scan places many at a time. Of those for one folder the last
  /// counts.
  void place(std::vector<Placement> placements);
  /// By somebody who knows better than the scan.
  void replace(Placement placement);
  /// See Catalog::known().
  [[nodiscard]] std::vector<Catalog::Known> known(const std::string& below) const;

 private:
  void note_broken(Placement& placement);
};

}  // namespace pulse2::catalog
