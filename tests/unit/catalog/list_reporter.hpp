#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "catalog/reporter.hpp"

namespace pulse2::test {

/// Keeps what is reported.
class ListReporter final : public catalog::Reporter {
 public:
  void report(catalog::Severity severity, std::string_view id, const std::string& text) override {
    const std::lock_guard lock(m_mutex);
    if (severity == catalog::Severity::error) m_text += "ERROR ";
    m_text += std::string(id) + ": " + text + "\n";
  }
  std::string text() const {
    const std::lock_guard lock(m_mutex);
    return m_text;
  }

 private:
  mutable std::mutex m_mutex;
  std::string m_text;
};

}  // namespace pulse2::test
