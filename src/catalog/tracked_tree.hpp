#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "catalog/detector.hpp"
#include "catalog/package_taker.hpp"
#include "catalog/tree_guard.hpp"
#include "catalog/tree_watch.hpp"
#include "os/clock.hpp"

namespace pulse2::catalog {

/// What a look at a tree needs. Everything must outlive the look.
struct LookParts {
  const DetectionParts& parts;
  const PackageTaker& taker;
  TreeGuard& guard;
  TreeWatch& watch;
  const os::Clock& clock;
  const StabilityRules& rules;
  const std::vector<std::string>& follow_links_to;
  int vanish_limit;
};

/// A complete package that is to be taken.
struct TakeOrder {
  std::size_t tree = 0;
  std::string folder;
  std::string from;  ///< where it stood before it was renamed, else empty
};

/// Detection in one src: where to look, and what to do about what is found. For one thread.
class TrackedTree {
 public:
  /// `number` names it among all that is watched.
  TrackedTree(std::size_t number, std::string src) : m_number(number), m_src(std::move(src)) {}

  [[nodiscard]] std::size_t number() const noexcept { return m_number; }
  [[nodiscard]] const std::string& src() const noexcept { return m_src; }
  [[nodiscard]] Detector& detector() noexcept { return m_detector; }

  /// Notes where the hint says that something changed.
  void note(const TreeWatch::Hint& hint);
  void note_folder(std::string folder) { m_places.insert(std::move(folder)); }
  /// Everything has to be looked at, soon.
  void note_everything() { m_wants_everything = true; }
  /// Whatever vanished is to be gone.
  void confirm() {
    m_is_confirmed = true;
    m_wants_everything = true;
  }

  /// To be called before detection ends in this tree.
  void let_go(SyncLedger& ledger) {
    if (std::exchange(m_is_held, false)) ledger.set_frozen(m_src, false);
  }

  /// Whether something was noted.
  [[nodiscard]] bool has_notes() const { return m_wants_everything || !m_places.empty(); }

  /// The look of a round. False while the catalogue does not know the tree yet.
  [[nodiscard]] bool look_at_everything(const LookParts& with, std::vector<TakeOrder>& orders);
  /// A look where something was noted, or is due. False as above.
  [[nodiscard]] bool look_where_noted(const LookParts& with, std::vector<TakeOrder>& orders);

 private:
  [[nodiscard]] std::optional<std::string> package_above(const std::string& folder) const;
  [[nodiscard]] std::vector<std::string> take_places(const LookParts& with);
  void remember_packages(const Sighting& sighting);
  /// False when the tree may be out of sight only: it is frozen then.
  [[nodiscard]] bool is_trustworthy(const LookParts& with, const os::FileStatus& root,
                                    const std::vector<Catalog::Known>& known,
                                    const Findings& findings, bool is_everything);
  void act(const LookParts& with, const os::Root& root, const std::vector<Catalog::Known>& known,
           const Sighting& sighting, bool is_everything, std::vector<TakeOrder>& orders);
  void carry_out(const LookParts& with, const os::Root& root, const Findings& findings,
                 std::vector<TakeOrder>& orders);
  void promote_duplicates(const std::vector<Catalog::Known>& known);
  void freeze(const LookParts& with, const std::string& reason);

  std::size_t m_number;
  std::string m_src;
  Detector m_detector;
  std::set<std::string> m_places;    ///< where something may have changed
  std::set<std::string> m_packages;  ///< folders that held a package when they were looked at last
  bool m_wants_everything = true;
  bool m_is_confirmed = false;
  bool m_is_announced = false;
  bool m_is_held = false;      ///< nothing of it is mirrored
  std::size_t m_served = 0;    ///< packages at the last look at everything
  std::size_t m_vanished = 0;  ///< since then
};

}  // namespace pulse2::catalog
