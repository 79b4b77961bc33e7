#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/line_format.hpp"

/// What the logging sections ask for, read and checked (contract 02, Python's
/// `logging.config.fileConfig`).
namespace pulse2::config {

struct RawSection;

/// Python's numbers; a message passes from its handler's and its logger's level on.
enum class LogLevel { notset = 0, debug = 10, info = 20, warning = 30, error = 40, critical = 50 };

/// Standard output or standard error.
struct StreamTarget {
  bool standard_output = false;
  bool operator==(const StreamTarget&) const = default;
};

struct FileTarget {
  std::string path;
  bool truncate = false;  ///< mode `w`: begins empty at each start
  bool operator==(const FileTarget&) const = default;
};

/// `path` becomes `path.1`, that `path.2`… when a line would not fit.
struct SizeRotatedTarget {
  std::string path;
  bool truncate = false;
  std::int64_t max_bytes = 0;  ///< 0: never rotated
  int backup_count = 0;        ///< 0: never rotated
  bool operator==(const SizeRotatedTarget&) const = default;
};

enum class RotationUnit { second, minute, hour, day, midnight, week };

/// When a file is renamed to `path.<begin of its period>`.
struct RotationRule {
  RotationUnit unit = RotationUnit::hour;
  int weekday = 0;  ///< of RotationUnit::week: the last day of the period, 0 is Monday
  int interval = 1;
  bool utc = false;
  bool operator==(const RotationRule&) const = default;
};

struct TimeRotatedTarget {
  std::string path;
  RotationRule rule;
  int backup_count = 0;  ///< old files that are kept; 0: all
  bool operator==(const TimeRotatedTarget&) const = default;
};

struct SyslogTarget {
  std::string socket;  ///< path of a local socket; empty: UDP to host and port
  std::string host = "localhost";
  int port = 514;
  int facility = 1;  ///< RFC 5424 number; 1 is `user`
  bool operator==(const SyslogTarget&) const = default;
};

using LogTarget =
    std::variant<StreamTarget, FileTarget, SizeRotatedTarget, TimeRotatedTarget, SyslogTarget>;

/// The file that lines go to; empty when they go elsewhere.
[[nodiscard]] std::string file_of(const LogTarget& target);

struct LineFormat {
  std::vector<LinePiece> pieces;
  std::string datefmt;  ///< of asctime, as strftime takes it; empty: ISO date, time, milliseconds
  bool operator==(const LineFormat&) const = default;
};

struct HandlerPlan {
  std::string name;
  LogLevel level = LogLevel::notset;
  LineFormat format;
  LogTarget target;
  bool json = false;  ///< a JSON object for each message in place of `format`
  bool operator==(const HandlerPlan&) const = default;
};

struct LoggerPlan {
  LogLevel level = LogLevel::notset;
  std::vector<std::size_t> handlers;  ///< places in LoggingPlan::handlers
  bool operator==(const LoggerPlan&) const = default;
};

/// Both loggers. `imaging` is complete: what it takes over from `root` is resolved.
struct LoggingPlan {
  std::vector<HandlerPlan> handlers;
  LoggerPlan root;
  LoggerPlan imaging;
  std::string access_log;    ///< file with a line for each request; empty: none
  bool access_json = false;  ///< JSON objects in it, else the combined format
  bool operator==(const LoggingPlan&) const = default;
};

/// Something wrong in the logging sections; see Diagnostic for the members.
struct LoggingProblem {
  bool error = true;  ///< else a warning
  int line = 0;
  std::string section;
  std::string option;
  std::string value;
  std::string message;
};

struct LoggingReading {
  LoggingPlan plan;  ///< to be used only without errors
  std::vector<LoggingProblem> problems;
};

/// Reads the raw logging sections of a file; there must be at least one. Lists every mistake.
[[nodiscard]] LoggingReading read_logging(const std::vector<RawSection>& sections);

/// What is logged to without logging sections: messages from INFO on, to standard error, or as a
/// daemon to syslog (facility daemon).
[[nodiscard]] LoggingPlan default_logging(bool daemon);

/// Lets both loggers write messages from INFO on to standard error too, if they do not yet: for a
/// server in the foreground.
void add_standard_error(LoggingPlan& plan);

/// Lets both loggers write JSON objects to a file, too: `[log] json_log`.
void add_json_file(LoggingPlan& plan, const std::string& path);

}  // namespace pulse2::config
