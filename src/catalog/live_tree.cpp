#include "catalog/live_tree.hpp"

#include <algorithm>
#include <utility>

namespace pulse2::catalog {

namespace {

/// Where a folder's package is or would be.
template <class Packages>
auto place_of(Packages& packages, const std::string& folder) {
  return std::lower_bound(
      packages.begin(), packages.end(), folder,
      [](const auto& present, const std::string& wanted) { return present->folder < wanted; });
}

}  // namespace

Snapshot::EntryPointer LiveTree::find(const std::string& folder) const {
  const auto place = place_of(content.packages, folder);
  const bool is_known = place != content.packages.end() && (*place)->folder == folder;
  return is_known ? *place : nullptr;
}

void LiveTree::note_broken(Placement& placement) {
  if (placement.broken) {
    broken.insert_or_assign(placement.folder, std::move(*placement.broken));
  } else {
    broken.erase(placement.folder);
  }
}

void LiveTree::place(std::vector<Placement> placements) {
  std::stable_sort(placements.begin(), placements.end(),
                   [](const Placement& a, const Placement& b) { return a.folder < b.folder; });
  std::vector<Snapshot::EntryPointer> packages;
  packages.reserve(content.packages.size() + placements.size());
  auto present = content.packages.begin();
  const auto end = content.packages.end();
  for (auto next = placements.begin(); next != placements.end(); ++next) {
    const auto following = std::next(next);
    if (following != placements.end() && following->folder == next->folder) continue;
    for (; present != end && (*present)->folder < next->folder; ++present)
      packages.push_back(std::move(*present));
    if (present != end && (*present)->folder == next->folder) ++present;
    note_broken(*next);
    if (next->entry) packages.push_back(std::move(next->entry));
  }
  packages.insert(packages.end(), std::make_move_iterator(present), std::make_move_iterator(end));
  content.packages = std::move(packages);
}

void LiveTree::replace(Placement placement) {
  if (!is_scanned) replaced.insert(placement.folder);
  note_broken(placement);
  auto& packages = content.packages;
  const auto place = place_of(packages, placement.folder);
  const bool is_known = place != packages.end() && (*place)->folder == placement.folder;
  if (placement.entry && is_known) {
    *place = std::move(placement.entry);
  } else if (placement.entry) {
    packages.insert(place, std::move(placement.entry));
  } else if (is_known) {
    packages.erase(place);
  }
}

std::vector<Catalog::Known> LiveTree::known(const std::string& below) const {
  const auto is_within = [&below](const std::string& folder) {
    return below.empty() || (folder.starts_with(below) &&
                             (folder.size() == below.size() || folder[below.size()] == '/'));
  };
  // What begins with the same bytes stands together, with others in between.
  const auto goes_on = [&below](const std::string& folder) { return folder.starts_with(below); };
  std::vector<Catalog::Known> all;
  for (auto it = place_of(content.packages, below);
       it != content.packages.end() && goes_on((*it)->folder); ++it) {
    if (is_within((*it)->folder)) all.push_back({(*it)->folder, *it, std::nullopt});
  }
  for (auto it = broken.lower_bound(below); it != broken.end() && goes_on(it->first); ++it) {
    if (is_within(it->first)) all.push_back({it->first, nullptr, it->second});
  }
  std::sort(all.begin(), all.end(),
            [](const Catalog::Known& a, const Catalog::Known& b) { return a.folder < b.folder; });
  return all;
}

}  // namespace pulse2::catalog
