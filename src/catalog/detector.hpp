#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/stability.hpp"

/// Compares what a tree holds with what is served of it. Values in, values out: no system calls.
namespace pulse2::catalog {

/// A folder that the catalogue knows: a package that is served, or one that can't be used.
struct KnownFolder {
  std::string folder;        ///< relative to the tree
  Fingerprint fingerprint;   ///< of what was judged; unknown: has to be looked at
  Fingerprint descriptions;  ///< the part of it that is its descriptions'
  bool is_served = false;
};

/// What was found in some places of a tree.
struct Sighting {
  struct Package {
    std::string folder;  ///< relative to the tree
    FolderLook look;
  };
  std::vector<std::string> places;      ///< what was looked through, with all below; "": everything
  std::vector<Package> packages;        ///< in byte order of their folders
  std::vector<std::string> unreadable;  ///< folders of which nothing is known, nor of those below
};

/// What has to be done.
struct Findings {
  std::vector<std::string> vanished;                       ///< hold no description any more
  std::vector<std::pair<std::string, std::string>> moved;  ///< (from, to): renamed as they are
  std::vector<std::string> disturbed;  ///< served packages whose files were changed
  std::vector<std::string> complete;   ///< new or changed, and to be taken now
};

/// Whether `path` is `place` or stands below it; everything is below "".
[[nodiscard]] bool is_below(std::string_view path, std::string_view place);

/// The state of detection in one tree: the folders that changed and are not taken yet. For one
/// thread.
class Detector {
 public:
  /// `known`: in byte order, at least all folders in the places that were looked through. A folder
  /// that is handed out as complete or moved is left alone until taken(), put_off() or dismiss().
  [[nodiscard]] Findings judge(const std::vector<KnownFolder>& known, const Sighting& sighting,
                               const StabilityRules& rules, const Moment& now);

  /// The folder was taken as it was handed out, or is of no interest any more.
  void taken(const std::string& folder) { m_candidates.erase(folder); }
  /// It kept changing while it was taken.
  void put_off(const std::string& folder, const Moment& now);
  /// It can't be used as it was handed out: nothing to do until it changes.
  void dismiss(const std::string& folder);
  /// It is known to be complete, and to be taken at the next look.
  void trust(std::string folder) { m_trusted.insert(std::move(folder)); }
  /// What was dismissed may be usable as it is, because of something else.
  void reconsider();
  void clear();

  /// Folders that are complete by now if nothing happened there since the last look.
  [[nodiscard]] std::vector<std::string> due(const StabilityRules& rules, const Moment& now) const;
  /// When the first of them will be.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next_due(
      const StabilityRules& rules, const Moment& now) const;
  /// Whether a folder is followed that is not taken yet.
  [[nodiscard]] bool is_busy() const;

 private:
  struct Candidate {
    Stability stability;
    std::optional<Fingerprint> dismissed;   ///< what could not be used
    std::optional<Fingerprint> handed_out;  ///< what is being taken
  };

  void meet(const KnownFolder* known, const Sighting::Package& seen, const StabilityRules& rules,
            const Moment& now, Findings& findings);
  void hand_out(const std::string& folder, Candidate& candidate);
  void forget_unseen(const Sighting& sighting);
  void pair_moved(const std::vector<KnownFolder>& known, const Sighting& sighting,
                  Findings& findings);

  std::map<std::string, Candidate> m_candidates;
  std::set<std::string> m_trusted;
};

}  // namespace pulse2::catalog
