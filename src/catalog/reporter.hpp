#pragma once

#include <string>
#include <string_view>

namespace pulse2::catalog {

enum class Severity { info, warning, error };

/// Takes what the catalogue has to tell the operator. Called from several threads at once; must
/// not throw and not call the catalogue.
class Reporter {
 public:
  Reporter() = default;
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;
  virtual ~Reporter() = default;

  /// `id` is the message's stable name, e.g. "catalog.package_broken"; `text` is one line.
  virtual void report(Severity severity, std::string_view id, const std::string& text) = 0;
};

/// For a second look at what was reported before.
class NoReporter final : public Reporter {
 public:
  void report(Severity, std::string_view, const std::string&) override {}
};

}  // namespace pulse2::catalog
