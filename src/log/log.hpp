#pragma once

#include <spdlog/fmt/fmt.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

/// The log. Every message is one line and begins with a stable identifier such as
/// `catalog.scan.done` that administrators may search for and that stays when the wording changes.
/// Callable from every thread; never throws.
///
///   log::info("server.listening", "listening on {}:{}", host, port);
namespace pulse2::log {

enum class Level { debug, info, warning, error, critical };

enum class Output {
  standard_error,
  syslog,  ///< facility daemon, ident pulse2-package-server: for a server without a terminal
};

/// Begins to log from `level` on. To be called once, before any thread starts; without a call
/// messages go to standard error from INFO on.
void start(Level level = Level::info, Output output = Output::standard_error);

/// Writes out what is buffered and lets go of the outputs. Later messages go to standard error.
void stop() noexcept;

/// Whether a message of this level would be written at all.
[[nodiscard]] bool enabled(Level level) noexcept;

/// Writes one line. Line breaks, control characters and bytes that are no UTF-8 are escaped, so
/// that what a client sent can't forge a line. `id` is the identifier.
void write(Level level, std::string_view id, std::string_view message) noexcept;

/// The text of one line without time and level: `id: message`, escaped.
[[nodiscard]] std::string one_line(std::string_view id, std::string_view message);

/// Formats and writes when the level is enabled; a formatting error is logged, never thrown.
template <class... Arguments>
void write_formatted(Level level, std::string_view id, fmt::format_string<Arguments...> format,
                     Arguments&&... arguments) noexcept {
  if (!enabled(level)) return;
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
