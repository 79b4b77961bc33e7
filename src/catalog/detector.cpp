#include "catalog/detector.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace pulse2::catalog {

using std::chrono::steady_clock;

namespace {

bool is_below_any(std::string_view path, const std::vector<std::string>& places) {
  return std::any_of(places.begin(), places.end(),
                     [path](const std::string& place) { return is_below(path, place); });
}

const Sighting::Package* find(const std::vector<Sighting::Package>& packages,
                              const std::string& folder) {
  const auto found =
      std::lower_bound(packages.begin(), packages.end(), folder,
                       [](const Sighting::Package& package, const std::string& name) {
                         return package.folder < name;
                       });
  return found != packages.end() && found->folder == folder ? &*found : nullptr;
}

const KnownFolder* find(const std::vector<KnownFolder>& known, const std::string& folder) {
  const auto found = std::lower_bound(
      known.begin(), known.end(), folder,
      [](const KnownFolder& each, const std::string& name) { return each.folder < name; });
  return found != known.end() && found->folder == folder ? &*found : nullptr;
}

/// Whether files that clients get are others than those that are served.
bool has_other_files(const KnownFolder& known, const FolderLook& look) {
  return known.fingerprint.without(known.descriptions).content !=
         look.fingerprint.without(look.descriptions).content;
}

}  // namespace

bool is_below(std::string_view path, std::string_view place) {
  if (place.empty()) return true;
  return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/');
}

Findings Detector::judge(const std::vector<KnownFolder>& known, const Sighting& sighting,
                         const StabilityRules& rules, const Moment& now) {
  Findings findings;
  forget_unseen(sighting);
  for (const auto& seen : sighting.packages)
    meet(find(known, seen.folder), seen, rules, now, findings);
  for (const auto& each : known) {
    const bool is_looked_for = is_below_any(each.folder, sighting.places) &&
                               !is_below_any(each.folder, sighting.unreadable);
    if (is_looked_for && find(sighting.packages, each.folder) == nullptr) {
      findings.vanished.push_back(each.folder);
    }
  }
  pair_moved(known, sighting, findings);
  return findings;
}

void Detector::forget_unseen(const Sighting& sighting) {
  const auto is_gone = [&](const std::string& folder) {
    return is_below_any(folder, sighting.places) && !is_below_any(folder, sighting.unreadable) &&
           find(sighting.packages, folder) == nullptr;
  };
  std::erase_if(m_candidates, [&](const auto& each) { return is_gone(each.first); });
  std::erase_if(m_trusted, [&](const std::string& folder) {
    return is_below_any(folder, sighting.places) && find(sighting.packages, folder) == nullptr;
  });
}

void Detector::meet(const KnownFolder* known, const Sighting::Package& seen,
                    const StabilityRules& rules, const Moment& now, Findings& findings) {
  const std::string& folder = seen.folder;
  const bool is_as_known = known != nullptr && known->fingerprint == seen.look.fingerprint;
  if (is_as_known && !m_trusted.contains(folder)) {
    m_candidates.erase(folder);
    return;
  }
  auto [place, is_new] = m_candidates.try_emplace(folder, Candidate{{seen.look, now}, {}, {}});
  Candidate& candidate = place->second;
  if (!is_new) candidate.stability.see(seen.look, now);
  if (candidate.handed_out) return;
  if (candidate.dismissed == seen.look.fingerprint && !m_trusted.contains(folder)) return;
  candidate.dismissed.reset();
  // Nothing is known of what a call changed while somebody else did: it is not held back.
  const bool is_known_to_be_complete =
      m_trusted.contains(folder) ||
      (known != nullptr && known->is_served && !known->fingerprint.is_known());
  const bool is_disturbed = known != nullptr && known->is_served && !is_known_to_be_complete &&
                            has_other_files(*known, seen.look);
  if (is_disturbed) findings.disturbed.push_back(folder);
  const auto complete_at = is_known_to_be_complete ? candidate.stability.not_before()
                                                   : candidate.stability.complete_at(rules, now);
  if (complete_at > now.steady) return;
  hand_out(folder, candidate);
  findings.complete.push_back(folder);
}

void Detector::hand_out(const std::string& folder, Candidate& candidate) {
  candidate.handed_out = candidate.stability.look().fingerprint;
  m_trusted.erase(folder);
}

void Detector::pair_moved(const std::vector<KnownFolder>& known, const Sighting& sighting,
                          Findings& findings) {
  if (findings.vanished.empty()) return;
  std::unordered_map<std::uint64_t, std::string> gone;
  for (const auto& folder : findings.vanished) {
    const KnownFolder* each = find(known, folder);
    if (each->is_served && each->fingerprint.is_known()) {
      gone.emplace(each->fingerprint.content, folder);
    }
  }
  for (const auto& seen : sighting.packages) {
    if (find(known, seen.folder) != nullptr) continue;
    const auto from = gone.find(seen.look.fingerprint.content);
    if (from == gone.end()) continue;
    if (find(known, from->second)->fingerprint != seen.look.fingerprint) continue;
    findings.moved.emplace_back(from->second, seen.folder);
    std::erase(findings.vanished, from->second);
    std::erase(findings.complete, seen.folder);
    if (const auto candidate = m_candidates.find(seen.folder); candidate != m_candidates.end()) {
      hand_out(seen.folder, candidate->second);
    }
    gone.erase(from);
  }
}

void Detector::put_off(const std::string& folder, const Moment& now) {
  const auto candidate = m_candidates.find(folder);
  if (candidate == m_candidates.end()) return;
  candidate->second.handed_out.reset();
  candidate->second.stability.put_off(now);
}

void Detector::dismiss(const std::string& folder) {
  const auto candidate = m_candidates.find(folder);
  if (candidate == m_candidates.end()) return;
  candidate->second.dismissed = std::exchange(candidate->second.handed_out, std::nullopt);
}

void Detector::reconsider() {
  for (auto& [folder, candidate] : m_candidates)
    candidate.dismissed.reset();
}

void Detector::clear() {
  m_candidates.clear();
  m_trusted.clear();
}

std::vector<std::string> Detector::due(const StabilityRules& rules, const Moment& now) const {
  std::vector<std::string> folders(m_trusted.begin(), m_trusted.end());
  for (const auto& [folder, candidate] : m_candidates) {
    if (candidate.handed_out || candidate.dismissed) continue;
    if (candidate.stability.complete_at(rules, now) <= now.steady) folders.push_back(folder);
  }
  return folders;
}

std::optional<steady_clock::time_point> Detector::next_due(const StabilityRules& rules,
                                                           const Moment& now) const {
  std::optional<steady_clock::time_point> next;
  if (!m_trusted.empty()) next = now.steady;
  for (const auto& [folder, candidate] : m_candidates) {
    if (candidate.handed_out || candidate.dismissed) continue;
    const auto at = candidate.stability.complete_at(rules, now);
    next = next ? std::min(*next, at) : at;
  }
  return next;
}

bool Detector::is_busy() const {
  return !m_trusted.empty() || std::any_of(m_candidates.begin(), m_candidates.end(),
                                           [](const auto& each) { return !each.second.dismissed; });
}

}  // namespace pulse2::catalog
