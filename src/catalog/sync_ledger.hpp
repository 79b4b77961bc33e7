#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pulse2::catalog {

/// What the package APIs need to know about mirroring. Implemented by mirroring/; without targets
/// by NoMirrors. All functions may be called from any thread.
class SyncLedger {
 public:
  struct TargetStatus {
    std::string target;
    bool synchronised = false;
  };

  SyncLedger() = default;
  SyncLedger(const SyncLedger&) = delete;
  SyncLedger& operator=(const SyncLedger&) = delete;
  virtual ~SyncLedger() = default;

  /// True when every target of `src` holds the package as it is now.
  [[nodiscard]] virtual bool is_synchronised(std::string_view src, std::string_view pid) const = 0;
  /// One element for each target, in the order of the configuration.
  [[nodiscard]] virtual std::vector<TargetStatus> status(std::string_view src,
                                                         std::string_view pid) const = 0;
  /// Notes durably that the package changes and has to be copied to every target.
  virtual void mark_pending(std::string_view src, std::string_view pid) = 0;
};

/// The ledger of a server without mirrors: everything is where it should be.
class NoMirrors final : public SyncLedger {
 public:
  [[nodiscard]] bool is_synchronised(std::string_view, std::string_view) const override {
    return true;
  }
  [[nodiscard]] std::vector<TargetStatus> status(std::string_view,
                                                 std::string_view) const override {
    return {};
  }
  void mark_pending(std::string_view, std::string_view) override {}
};

}  // namespace pulse2::catalog
