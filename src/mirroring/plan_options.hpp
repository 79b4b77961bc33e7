#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/day_windows.hpp"
#include "mirroring/job.hpp"

namespace pulse2::mirroring {

/// A target and the rules for it alone.
struct TargetRules {
  std::string name;
  std::uint64_t bandwidth = 0;  ///< bytes a second; 0: no limit
  base::DayWindows windows;     ///< when runs may begin
};

/// What planning follows, as it is configured.
struct PlanOptions {
  std::vector<std::string> srcs;
  std::vector<TargetRules> targets;
  std::chrono::seconds round{5};            ///< between two looks for changes; also the first retry
  std::chrono::seconds retry_limit{300};    ///< the longest interval between two tries
  bool copies_trees = true;                 ///< whole trees are copied from time to time
  std::chrono::seconds tree_round{3600};    ///< between two copies of a tree
  std::chrono::seconds verify_round{0};     ///< between two verifications of a tree; 0: on demand
  std::size_t processes = 0;                ///< at the same time; 0: one a target, at least four
  std::optional<std::size_t> hold;          ///< targets that a package is held for; nothing: all
  std::chrono::seconds hold_warning{3600};  ///< a package held longer is reported; 0: none is
};

/// What planning has to know of the packages. Not to be changed while a function of Plan runs.
class PackageSource {
 public:
  PackageSource() = default;
  PackageSource(const PackageSource&) = delete;
  PackageSource& operator=(const PackageSource&) = delete;
  virtual ~PackageSource() = default;

  /// Such a package is copied nowhere.
  [[nodiscard]] virtual bool waits_for_files(std::string_view src, std::string_view pid) const = 0;
  /// The one that follows the folder in byte order; the first one for "".
  [[nodiscard]] virtual std::optional<Package> next_package(std::string_view src,
                                                            std::string_view folder) const = 0;
};

}  // namespace pulse2::mirroring
