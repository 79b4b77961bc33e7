#pragma once

#include <ctime>
#include <memory>
#include <string_view>

#include "config/logging.hpp"

namespace pulse2::log {

/// Where lines go. For one thread at a time. Nothing throws or ends the server: what cannot be
/// written is lost, and the first time of each run of failures is told on standard error.
class Output {
 public:
  Output() = default;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  virtual ~Output() = default;

  /// Writes one line (without line feed) that belongs to a moment, by which files are rotated.
  virtual void write(std::string_view line, config::LogLevel level, std::time_t time) = 0;
  /// Opens a file or a connection again, for what was moved or has gone away; after a failure the
  /// old one stays in use.
  virtual void reopen() = 0;
};

/// Makes and opens an output. What cannot be opened is tried again later.
[[nodiscard]] std::unique_ptr<Output> make_output(const config::LogTarget& target);

}  // namespace pulse2::log
