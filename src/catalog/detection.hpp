#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "catalog/intake.hpp"
#include "catalog/package_taker.hpp"
#include "catalog/stability.hpp"
#include "catalog/tree_guard.hpp"
#include "os/clock.hpp"

namespace pulse2::catalog {

struct DetectionOptions {
  bool is_active = false;
  StabilityRules rules;
  int vanish_limit = 20;                     ///< see doubt(): per cent
  std::vector<std::string> srcs;             ///< without slashes at their ends
  std::vector<std::string> follow_links_to;  ///< as in CatalogOptions
  std::vector<DropFolder> drop_folders;      ///< each folder once
};

/// Finds what is done to the trees by hand while the server runs, in one thread of its own. A look
/// at everything in each round is the truth; hints of the system tell where to look before. What
/// is found is read on the pool.
class Detection {
 public:
  /// All must outlive it. Error when the system refuses what a thread needs to wait.
  [[nodiscard]] static base::Expected<std::unique_ptr<Detection>> create(
      DetectionOptions options, const DetectionParts& parts, TreeGuard& guard,
      const os::Clock& clock);
  Detection(const Detection&) = delete;
  Detection& operator=(const Detection&) = delete;
  /// Ends like stop().
  ~Detection();

  void start();
  /// Gives up what is being read; waits for tasks that run.
  void stop();
  /// Other options, from the next look on; it comes at once. `confirmed`: trees in which everything
  /// is as the operator wants it, whatever vanished.
  void set_options(DetectionOptions options, const std::vector<std::string>& confirmed);

 private:
  class Loop;
  explicit Detection(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> m_loop;
};

}  // namespace pulse2::catalog
