#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "catalog/sync_ledger.hpp"

namespace pulse2::mirroring {

/// A moment, on the clocks that planning needs.
struct Moment {
  std::chrono::steady_clock::time_point steady;
  std::chrono::system_clock::time_point date;
  int minute = 0;  ///< of the local day, 0 to 1439
};

using Package = catalog::SyncLedger::Package;

/// One thing to do at one target.
struct Job {
  enum class Kind {
    package,       ///< copy the package, or remove it there when its folder is gone here
    tree,          ///< copy the whole tree
    verification,  ///< compare the package's contents
  };

  std::uint64_t id = 0;
  Kind kind = Kind::package;
  std::string src;
  std::string target;
  Package package;              ///< empty for trees
  bool repairs = false;         ///< a verification found differences: compare contents, not times
  std::uint64_t bandwidth = 0;  ///< bytes a second; 0: no limit
};

/// What became of a job.
struct Outcome {
  enum class Result {
    done,
    differs,         ///< only verifications: the target holds something else
    package_failed,  ///< others may succeed at this target
    target_failed,   ///< nothing will succeed there at present
    src_gone,        ///< the tree is not there as it was: nothing was done
    stopped,         ///< by us
  };

  Result result = Result::done;
  std::string error = {};         ///< the program's last lines, for the operator
  std::uint64_t differences = 0;  ///< files that differ
};

}  // namespace pulse2::mirroring
