#include "catalog/tree_watch.hpp"

#include <utility>

#include "os/file.hpp"

namespace pulse2::catalog {

void TreeWatch::see(std::size_t tree, const std::string& folder, int fd) {
  const auto status = os::status_of(fd, folder);
  if (!status) return;
  Tree& known = m_trees[tree];
  const auto present = known.folders.find(folder);
  if (present != known.folders.end() && present->second.inode == status->inode &&
      present->second.device == status->device) {
    present->second.round = known.round;
    return;
  }
  if (m_is_full) return;
  if (present != known.folders.end()) let_go(present->second.id);
  const auto id = m_watcher.watch(fd);
  if (!id) return report_failure(id.error());
  // A folder that was renamed keeps its watch.
  if (const auto former = m_places.find(*id); former != m_places.end()) {
    take_out(former->second, *id);
  }
  m_places[*id] = {tree, folder};
  known.folders[folder] = {*id, status->device, status->inode, known.round};
}

void TreeWatch::let_go(os::FolderWatcher::Id id) {
  m_places.erase(id);
  m_watcher.unwatch(id);
}

void TreeWatch::take_out(const Place& place, os::FolderWatcher::Id id) {
  const auto tree = m_trees.find(place.tree);
  if (tree == m_trees.end()) return;
  const auto folder = tree->second.folders.find(place.folder);
  if (folder != tree->second.folders.end() && folder->second.id == id) {
    tree->second.folders.erase(folder);
  }
}

void TreeWatch::report_failure(const base::Error& error) {
  if (error.kind != base::ErrorKind::limit_exceeded) return;  // the folder is gone
  m_is_full = true;
  if (std::exchange(m_limit_reported, true)) return;
  m_reporter.report(Severity::warning, "detection.watch_limit",
                    "the system watches no more folders (" + error.for_operator() +
                        "; fs.inotify.max_user_watches): changes elsewhere are found in the next "
                        "round only");
}

void TreeWatch::begin_round(std::size_t tree) {
  ++m_trees[tree].round;
  m_is_full = false;
}

void TreeWatch::end_round(std::size_t tree) {
  Tree& known = m_trees[tree];
  std::erase_if(known.folders, [&](const auto& each) {
    const Watched& watched = each.second;
    if (watched.round == known.round) return false;
    let_go(watched.id);
    return true;
  });
}

void TreeWatch::forget(std::size_t tree) {
  begin_round(tree);
  end_round(tree);
  m_trees.erase(tree);
}

TreeWatch::Hints TreeWatch::take() {
  using Kind = os::FolderWatcher::Event::Kind;
  auto taken = m_watcher.take();
  Hints hints;
  hints.is_incomplete = taken.overflowed;
  if (taken.overflowed && !std::exchange(m_overflow_reported, true)) {
    m_reporter.report(Severity::warning, "detection.watch_overflow",
                      "more changes than the system keeps (fs.inotify.max_queued_events): "
                      "everything is looked through instead");
  }
  for (auto& event : taken.events) {
    const auto place = m_places.find(event.id);
    if (place == m_places.end()) continue;
    if (event.kind == Kind::ended) {
      take_out(place->second, event.id);
      m_places.erase(place);
      continue;
    }
    hints.hints.push_back(
        {place->second.tree, place->second.folder, std::move(event.name), event.is_folder});
  }
  return hints;
}

}  // namespace pulse2::catalog
