#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/logging.hpp"

namespace pulse2::log {

/// One message on its way to the outputs.
struct Record {
  config::LogLevel level = config::LogLevel::info;
  std::string_view logger;   ///< `root` or `imaging`
  std::string_view message;  ///< one line
  std::chrono::system_clock::time_point time;
  std::int64_t process = 0;
  std::uint64_t thread = 0;
};

/// Python's name of a level, e.g. `WARNING`.
[[nodiscard]] std::string_view level_name(config::LogLevel level) noexcept;

/// The record's line without line feed, as Python's logging.Formatter makes it; times are local.
[[nodiscard]] std::string render(const config::LineFormat& format, const Record& record);

/// The moment as RFC 3339 writes it, UTC with milliseconds.
[[nodiscard]] std::string utc_text(std::chrono::system_clock::time_point time);

/// The record as a JSON object in one line: time (UTC, RFC 3339), level, logger, id, message,
/// process, thread.
[[nodiscard]] std::string render_json(const Record& record);

}  // namespace pulse2::log
