#include "catalog/tree_look.hpp"

#include <fcntl.h>

#include <algorithm>
#include <utility>

#include "base/hash.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"

namespace pulse2::catalog {

using base::ErrorKind;
using base::Expected;

FolderLook look_of(const FoundPackage& package) {
  FolderLook look{fingerprint_of(package), package.descriptions, 0, package.newest_ns};
  for (const auto& file : package.files)
    look.size += file.status.size;
  return look;
}

FolderLook look_at_package(const os::Root& root, const std::string& folder, int fd,
                           const std::vector<os::FolderItem>& items, const OnFolder& on_folder) {
  NoReporter nobody;
  const auto package = list_package(root, folder, fd, items, nobody, on_folder);
  if (package) return look_of(*package);
  FolderLook look;
  look.fingerprint.content = base::stable_hash(package.error().file + package.error().reason) | 1U;
  return look;
}

Sighting TreeLook::look(std::vector<std::string> places) {
  m_sighting = {};
  for (const auto& place : places)
    look_into(place, m_root.open_beneath(place, O_RDONLY | O_DIRECTORY), nullptr);
  m_sighting.places = std::move(places);
  std::sort(m_sighting.packages.begin(), m_sighting.packages.end(),
            [](const auto& a, const auto& b) { return a.folder < b.folder; });
  return std::exchange(m_sighting, {});
}

void TreeLook::look_into(const std::string& folder, const Expected<os::UniqueFd>& fd,
                         const Ancestor* parent) {
  const auto note_unreadable = [&](const base::Error& error) {
    if (error.kind != ErrorKind::not_found) m_sighting.unreadable.push_back(folder);
  };
  if (!fd) return note_unreadable(fd.error());
  if (m_on_folder) m_on_folder(folder, fd->get());
  const auto items = os::list_opened_folder(fd->get());
  if (!items) return note_unreadable(items.error());
  if (folder.empty() || !holds_description(*items)) {
    return look_at_items(folder, fd->get(), *items, parent);
  }
  m_sighting.packages.push_back(
      {folder, look_at_package(m_root, folder, fd->get(), *items, m_on_folder)});
}

void TreeLook::look_at_items(const std::string& folder, int fd,
                             const std::vector<os::FolderItem>& items, const Ancestor* parent) {
  const auto status = os::status_of(fd, folder);
  if (!status) return m_sighting.unreadable.push_back(folder);
  const Ancestor self{status->device, status->inode, parent};
  for (const auto& item : items) {
    if (folder.empty() && item.name == k_staging_folder) continue;
    const std::string path = folder.empty() ? item.name : folder + "/" + item.name;
    if (item.kind == os::FolderItem::Kind::folder) {
      look_into(path, os::open_folder_at(fd, item.name), &self);
    } else if (item.kind == os::FolderItem::Kind::link && is_folder_to_enter(path, self)) {
      look_into(path, m_root.open_beneath(path, O_RDONLY | O_DIRECTORY), &self);
    }
  }
}

bool TreeLook::is_folder_to_enter(const std::string& path, const Ancestor& self) const {
  NoReporter nobody;
  const auto target = resolve_link(m_root, path, nobody);
  if (!target || !target->is_folder()) return false;
  for (const Ancestor* folder = &self; folder != nullptr; folder = folder->parent) {
    if (folder->device == target->device && folder->inode == target->inode) return false;
  }
  return true;
}

}  // namespace pulse2::catalog
