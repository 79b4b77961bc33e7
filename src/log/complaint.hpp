#pragma once

#include <unistd.h>

#include <string>
#include <string_view>

#include "os/file.hpp"

namespace pulse2::log {

/// Tells the first of several failures in a row on standard error.
class Complaint {
 public:
  void raise(std::string_view text) {
    if (m_raised) return;
    m_raised = true;
    const std::string line = "pulse2-package-server: log: " + std::string(text) + "\n";
    // Nobody is left to hear of a standard error that does not work.
    static_cast<void>(os::write_all(STDERR_FILENO, line));
  }
  /// It works again: the next failure is told.
  void settle() noexcept { m_raised = false; }

 private:
  bool m_raised = false;
};

}  // namespace pulse2::log
