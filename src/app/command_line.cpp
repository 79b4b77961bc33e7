#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

namespace pulse2::app {

std::string version() {
  return PULSE2_VERSION;
}

std::variant<CommandLine, Exit> parse_command_line(int argc, const char* const* argv) {
  CommandLine result;
  CLI::App app("Package server of Pulse 2: holds, shares and serves packages.");
  app.add_option("-f,--file", result.file, "Configuration file")->capture_default_str();
  app.add_flag("-d,--foreground", result.foreground,
               "Stay in the foreground and log to standard error");
  app.add_flag("--check-config", result.check_config,
               "Print every setting with its source and exit: 0 when all is well, else 1");
  app.set_version_flag("--version", "pulse2-package-server " + version());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(error, std::cout, std::cerr);
    return Exit{asked_for ? 0 : k_exit_usage};
  }
  return result;
}

}  // namespace pulse2::app
