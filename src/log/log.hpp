#pragma once

#include <spdlog/fmt/fmt.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.hpp"
#include "config/logging.hpp"
#include "log/access_line.hpp"
#include "os/unique_fd.hpp"

/// The log. Every message is one line and begins with a stable identifier such as
/// `catalog.scan.done` that administrators may search for and that stays when the wording changes.
/// Callable from every thread; never throws.
///
///   log::info("server.listening", "listening on {}:{}", host, port);
namespace pulse2::log {

enum class Level { debug, info, warning, error, critical };

/// Begins to log as the plan says. Without a call messages go to standard error from INFO on. May
/// be called again while other threads log: later messages follow the new plan.
void start(const config::LoggingPlan& plan);
/// Begins to log to standard error from `level` on.
void start(Level level = Level::info);

/// Opens a log file with the flags of open(2).
using FileOpener = std::function<base::Expected<os::UniqueFd>(const std::string& path, int flags)>;
/// Opens log files in another way from now on, as long as the process has rights that it will give
/// up; null: as usual. Before other threads log.
void open_files_with(FileOpener opener);

/// Opens log files (and connections to syslog) again, after they were moved.
void reopen() noexcept;

/// One line of the access log, when there is one. Never waits for the disk.
void access(const AccessRecord& record) noexcept;

/// Lets go of the outputs. Later messages go to standard error.
void stop() noexcept;

/// Whether a message of this level and identifier would be written at all. Messages of `imaging.`
/// and `pxe.` belong to the logger `imaging`, all others to `root`.
[[nodiscard]] bool enabled(Level level, std::string_view id = {}) noexcept;

/// Writes one line. Line breaks, control characters and bytes that are no UTF-8 are escaped, so
/// that what a client sent can't forge a line. `id` is the identifier.
void write(Level level, std::string_view id, std::string_view message) noexcept;

/// The text of one line without time and level: `id: message`, escaped, passwords in URLs left out.
[[nodiscard]] std::string one_line(std::string_view id, std::string_view message);

/// Formats and writes when the level is enabled; a formatting error is logged, never thrown.
template <class... Arguments>
void write_formatted(Level level, std::string_view id, fmt::format_string<Arguments...> format,
                     Arguments&&... arguments) noexcept {
  if (!enabled(level, id)) return;
  try {
    write(level, id, fmt::format(format, std::forward<Arguments>(arguments)...));
  } catch (...) {
    write(level, id, "(message could not be formatted)");
  }
}

template <class... Arguments>
void debug(std::string_view id, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_formatted(Level::debug, id, format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void info(std::string_view id, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_formatted(Level::info, id, format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void warning(std::string_view id, fmt::format_string<Arguments...> format,
             Arguments&&... arguments) {
  write_formatted(Level::warning, id, format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void error(std::string_view id, fmt::format_string<Arguments...> format, Arguments&&... arguments) {
  write_formatted(Level::error, id, format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void critical(std::string_view id, fmt::format_string<Arguments...> format,
              Arguments&&... arguments) {
  write_formatted(Level::critical, id, format, std::forward<Arguments>(arguments)...);
}

}  // namespace pulse2::log
