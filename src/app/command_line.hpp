#pragma once

#include <string>
#include <variant>

namespace pulse2::app {

/// Exit statuses of contract 02.
inline constexpr int k_exit_failure = 1;
inline constexpr int k_exit_usage = 2;
inline constexpr int k_exit_no_file = 3;

/// What the command line asks for.
struct CommandLine {
  /// Absolute after parsing: a daemon changes its folder.
  std::string file = "/etc/mmc/pulse2/package-server/package-server.ini";
  bool foreground = false;
  bool check_config = false;
  bool doctor = false;
  bool create_folders = false;
  bool json = false;  ///< of doctor: for programs rather than people
};

/// The program is done: it printed what was asked for, or what is wrong.
struct Exit {
  int status = 0;
};

/// Reads the command line; help, version and usage errors are printed here.
[[nodiscard]] std::variant<CommandLine, Exit> parse_command_line(int argc, const char* const* argv);

/// The project's version, e.g. "1.2.3".
[[nodiscard]] std::string version();

}  // namespace pulse2::app
