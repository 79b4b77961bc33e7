#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace pulse2::catalog {

/// What editing, detection and the package APIs have to do with mirroring. Implemented by
/// mirroring/; without targets by NoMirrors. `src` arguments are folders as configured, without a
/// slash at their end. All functions may be called from any thread.
class SyncLedger {
 public:
  struct TargetStatus {
    std::string target;
    bool synchronised = false;
  };
  /// A package that changes, and the folder (relative to src) that holds, held or will hold it.
  struct Package {
    std::string pid;
    std::string folder;
  };
  /// A change that is under way: as long as this lives, its packages are copied nowhere. Its end
  /// means that the change is over, whether it was made or not.
  class Change {
   public:
    Change() = default;
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;
    virtual ~Change() = default;
  };
  using ChangePointer = std::unique_ptr<Change>;

  SyncLedger() = default;
  SyncLedger(const SyncLedger&) = delete;
  SyncLedger& operator=(const SyncLedger&) = delete;
  virtual ~SyncLedger() = default;

  /// True when as many targets as a package is held back for (option package_mirror_hold) have it
  /// as it is now. Cheap, but best asked once for each version().
  [[nodiscard]] virtual bool is_synchronised(std::string_view src, std::string_view pid) const = 0;
  /// Grows whenever an answer of is_synchronised() may have changed.
  [[nodiscard]] virtual std::uint64_t version() const = 0;
  /// One element for each target, in the order of the configuration.
  [[nodiscard]] virtual std::vector<TargetStatus> status(std::string_view src,
                                                         std::string_view pid) const = 0;
  /// True for a package that still has to be copied somewhere, or removed there: after a deletion
  /// the ledger knows it longer than the catalogue.
  [[nodiscard]] virtual bool is_pending(std::string_view src, std::string_view pid) const = 0;

  /// Notes durably, before it returns, that the packages have to be copied to every target. To be
  /// called before anything is changed; the answer is kept until all is published. Waits for the
  /// disk. Error: it can't be noted, and the change has to be refused.
  [[nodiscard]] virtual base::Expected<ChangePointer> begin_change(
      std::string_view src, const std::vector<Package>& packages) = 0;

  /// While a tree is frozen (it may be unmounted), nothing of it is copied anywhere: the targets
  /// would lose what is missing here.
  virtual void set_frozen(std::string_view src, bool frozen) = 0;
};

/// The ledger of a server without mirrors: everything is where it should be.
class NoMirrors final : public SyncLedger {
 public:
  [[nodiscard]] bool is_synchronised(std::string_view, std::string_view) const override {
    return true;
  }
  [[nodiscard]] std::uint64_t version() const override { return 0; }
  [[nodiscard]] std::vector<TargetStatus> status(std::string_view,
                                                 std::string_view) const override {
    return {};
  }
  [[nodiscard]] bool is_pending(std::string_view, std::string_view) const override { return false; }
  [[nodiscard]] base::Expected<ChangePointer> begin_change(std::string_view,
                                                           const std::vector<Package>&) override {
    return std::make_unique<Change>();
  }
  void set_frozen(std::string_view, bool) override {}
};

}  // namespace pulse2::catalog
