#pragma once

#include <memory>
#include <string>
#include <vector>

#include "catalog/detector.hpp"
#include "catalog/package_reader.hpp"
#include "os/beneath.hpp"

namespace pulse2::catalog {

/// How a package that was listed looks.
[[nodiscard]] FolderLook look_of(const FoundPackage& package);

/// How the package in an open folder looks; one that can't be listed looks like its defect.
[[nodiscard]] FolderLook look_at_package(const os::Root& root, const std::string& folder, int fd,
                                         const std::vector<os::FolderItem>& items,
                                         const OnFolder& on_folder = {});

/// Looks through folders of a tree for packages, as the scan does, without reading a file. Says
/// nothing of links that are not followed: the scan did, and who reads a package does.
class TreeLook {
 public:
  /// Both must outlive it.
  TreeLook(const os::Root& root, const OnFolder& on_folder)
      : m_root(root), m_on_folder(on_folder) {}

  /// `places` are folders relative to the root, none below another; those that are missing hold
  /// nothing.
  [[nodiscard]] Sighting look(std::vector<std::string> places);

 private:
  /// The folders on the way to one, to notice links that lead in circles.
  struct Ancestor {
    std::uint64_t device;
    std::uint64_t inode;
    const Ancestor* parent;
  };

  void look_into(const std::string& folder, const base::Expected<os::UniqueFd>& fd,
                 const Ancestor* parent);
  void look_at_items(const std::string& folder, int fd, const std::vector<os::FolderItem>& items,
                     const Ancestor* parent);
  [[nodiscard]] bool is_folder_to_enter(const std::string& path, const Ancestor& self) const;

  const os::Root& m_root;
  const OnFolder& m_on_folder;
  Sighting m_sighting;
};

}  // namespace pulse2::catalog
