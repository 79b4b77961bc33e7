#include "catalog/tracked_tree.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "base/text.hpp"
#include "catalog/tree_look.hpp"

namespace pulse2::catalog {

namespace {

/// With more places than this it is cheaper to look at everything.
constexpr std::size_t k_most_places = 64;

std::vector<KnownFolder> to_known_folders(const std::vector<Catalog::Known>& known) {
  std::vector<KnownFolder> folders;
  folders.reserve(known.size());
  for (const auto& each : known) {
    if (each.entry) {
      folders.push_back({each.folder, each.entry->fingerprint, each.entry->descriptions, true});
    } else {
      folders.push_back({each.folder, each.broken->fingerprint, {}, false});
    }
  }
  return folders;
}

std::size_t count_served(const std::vector<Catalog::Known>& known) {
  return static_cast<std::size_t>(std::count_if(
      known.begin(), known.end(), [](const auto& each) { return each.entry != nullptr; }));
}

/// How many of the folders were served.
std::size_t count_served(const std::vector<Catalog::Known>& known,
                         const std::vector<std::string>& folders) {
  return static_cast<std::size_t>(
      std::count_if(folders.begin(), folders.end(), [&](const std::string& folder) {
        const auto found = std::lower_bound(
            known.begin(), known.end(), folder,
            [](const auto& each, const std::string& name) { return each.folder < name; });
        return found != known.end() && found->folder == folder && found->entry != nullptr;
      }));
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

}  // namespace

std::optional<std::string> TrackedTree::package_above(const std::string& folder) const {
  for (std::size_t end = folder.find('/'); end != std::string::npos;
       end = folder.find('/', end + 1)) {
    std::string above = folder.substr(0, end);
    if (m_packages.contains(above)) return above;
  }
  if (m_packages.contains(folder)) return folder;
  return std::nullopt;
}

void TrackedTree::note(const TreeWatch::Hint& hint) {
  if (hint.name.starts_with(os::k_temporary_prefix)) return;
  if (hint.folder.empty() && hint.name == k_staging_folder) return;
  if (hint.folder.empty() && hint.name.empty()) return note_everything();
  if (auto package = package_above(hint.folder)) return note_folder(std::move(*package));
  if (hint.name.empty() || hint.name == k_conf_xml || hint.name == k_conf_json) {
    if (!hint.folder.empty()) note_folder(hint.folder);
  } else if (hint.is_folder) {
    note_folder(hint.folder.empty() ? hint.name : hint.folder + "/" + hint.name);
  }
}

bool TrackedTree::look_at_everything(const LookParts& with, std::vector<TakeOrder>& orders) {
  const auto known = with.parts.catalog.known(m_src, "");
  if (!known) return false;
  m_wants_everything = false;
  m_places.clear();
  const auto root = os::Root::open(m_src, with.follow_links_to);
  if (!root) {
    freeze(with, "the folder can't be read: " + root.error().for_operator());
    return true;
  }
  with.watch.begin_round(m_number);
  const OnFolder on_folder = [&](const std::string& folder, int fd) {
    with.watch.see(m_number, folder, fd);
  };
  const auto sighting = TreeLook(*root, on_folder).look({""});
  with.watch.end_round(m_number);
  if (contains(sighting.unreadable, "")) {
    freeze(with, "the folder can't be read");
    return true;
  }
  act(with, *root, *known, sighting, true, orders);
  m_served = count_served(*known);
  m_vanished = 0;
  if (!std::exchange(m_is_announced, true)) {
    with.parts.reporter.report(Severity::info, "detection.watching",
                               m_src + ": changes are found from now on");
  }
  return true;
}

bool TrackedTree::look_where_noted(const LookParts& with, std::vector<TakeOrder>& orders) {
  const auto places = take_places(with);
  if (m_wants_everything) return look_at_everything(with, orders);
  if (places.empty()) return true;
  std::vector<Catalog::Known> known;
  for (const auto& place : places) {
    auto part = with.parts.catalog.known(m_src, place);
    if (!part) return false;
    std::move(part->begin(), part->end(), std::back_inserter(known));
  }
  std::sort(known.begin(), known.end(),
            [](const auto& a, const auto& b) { return a.folder < b.folder; });
  const auto root = os::Root::open(m_src, with.follow_links_to);
  if (!root) return look_at_everything(with, orders);
  const OnFolder on_folder = [&](const std::string& folder, int fd) {
    with.watch.see(m_number, folder, fd);
  };
  act(with, *root, known, TreeLook(*root, on_folder).look(places), false, orders);
  return true;
}

std::vector<std::string> TrackedTree::take_places(const LookParts& with) {
  auto noted = std::exchange(m_places, {});
  for (auto& folder : m_detector.due(with.rules, Moment::now(with.clock)))
    noted.insert(std::move(folder));
  std::vector<std::string> places;
  for (const auto& place : noted) {
    const bool is_covered = std::any_of(places.begin(), places.end(),
                                        [&](const auto& other) { return is_below(place, other); });
    if (!is_covered) places.push_back(place);
    if (places.size() <= k_most_places) continue;
    m_wants_everything = true;
    break;
  }
  // Where nothing can be believed, a part says nothing.
  if (!places.empty() && with.guard.is_frozen(m_src)) m_wants_everything = true;
  return places;
}

void TrackedTree::remember_packages(const Sighting& sighting) {
  for (const auto& place : sighting.places) {
    if (place.empty()) {
      m_packages.clear();
      continue;
    }
    for (auto it = m_packages.lower_bound(place);
         it != m_packages.end() && it->starts_with(place);) {
      it = is_below(*it, place) ? m_packages.erase(it) : std::next(it);
    }
  }
  for (const auto& package : sighting.packages)
    m_packages.insert(package.folder);
}

void TrackedTree::act(const LookParts& with, const os::Root& root,
                      const std::vector<Catalog::Known>& known, const Sighting& sighting,
                      bool is_everything, std::vector<TakeOrder>& orders) {
  const auto status = os::status_of(root.fd(), m_src);
  if (!status) return freeze(with, "the folder can't be read");
  remember_packages(sighting);
  const auto findings =
      m_detector.judge(to_known_folders(known), sighting, with.rules, Moment::now(with.clock));
  if (!is_trustworthy(with, *status, known, findings, is_everything)) return;
  carry_out(with, root, findings, orders);
  if (is_everything && !m_detector.is_busy()) promote_duplicates(known);
}

bool TrackedTree::is_trustworthy(const LookParts& with, const os::FileStatus& root,
                                 const std::vector<Catalog::Known>& known, const Findings& findings,
                                 bool is_everything) {
  const bool is_same_root = with.guard.is_same_root(m_src, root);
  if (!is_everything && !is_same_root) {
    m_detector.clear();
    note_everything();
    return false;
  }
  const std::size_t missing = count_served(known, findings.vanished);
  const TreeSight sight{is_same_root, is_everything ? count_served(known) : m_served,
                        is_everything ? missing : missing + m_vanished};
  const bool is_confirmed = m_is_confirmed && is_everything;
  const auto reason = doubt(sight, with.vanish_limit);
  if (reason && missing > 0 && !is_confirmed) {
    freeze(with, *reason);
    return false;
  }
  if (!is_everything) return true;
  m_is_confirmed = false;
  const bool was_frozen = with.guard.is_frozen(m_src);
  if (was_frozen || !is_same_root) with.guard.adopt(m_src, root);
  if (std::exchange(m_is_held, false)) with.parts.ledger.set_frozen(m_src, false);
  if (was_frozen) {
    with.parts.reporter.report(Severity::info, "detection.tree_back",
                               m_src + ": its packages are there again");
  }
  return true;
}

void TrackedTree::freeze(const LookParts& with, const std::string& reason) {
  m_detector.clear();
  if (!std::exchange(m_is_held, true)) with.parts.ledger.set_frozen(m_src, true);
  if (!with.guard.freeze(m_src, reason)) return;
  with.parts.reporter.report(
      Severity::error, "detection.tree_frozen",
      m_src + ": " + reason +
          ". Its packages are listed as before and nothing is mirrored from it, until they are "
          "there again or a reload (SIGHUP) confirms that they are gone");
}

void TrackedTree::carry_out(const LookParts& with, const os::Root& root, const Findings& findings,
                            std::vector<TakeOrder>& orders) {
  for (const auto& [from, to] : findings.moved)
    orders.push_back({m_number, to, from});
  for (const auto& folder : findings.complete)
    orders.push_back({m_number, folder, {}});
  for (const auto& folder : findings.disturbed) {
    // What is complete already is exchanged in one step.
    if (contains(findings.complete, folder)) continue;
    if (with.taker.withdraw(root, folder) == Outcome::again) note_folder(folder);
  }
  for (const auto& folder : findings.vanished) {
    const Outcome outcome = with.taker.vanish(root, folder);
    if (outcome == Outcome::again) note_folder(folder);
    // What calls drop at this moment does not count.
    if (outcome == Outcome::done) ++m_vanished;
  }
}

void TrackedTree::promote_duplicates(const std::vector<Catalog::Known>& known) {
  std::unordered_set<std::string_view> served;
  for (const auto& each : known) {
    if (each.entry) served.insert(each.entry->id);
  }
  for (const auto& each : known) {
    const bool is_duplicate = each.broken && !each.broken->duplicate_of.empty();
    if (is_duplicate && !served.contains(each.broken->duplicate_of)) {
      m_detector.trust(each.folder);
    }
  }
}

}  // namespace pulse2::catalog
