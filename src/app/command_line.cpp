#include "app/command_line.hpp"

#include <CLI/CLI.hpp>
#include <filesystem>
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
  auto* doctor = app.add_subcommand(
      "doctor",
      "Look at the configuration and this machine, say what is wrong and what to do: "
      "exit status 0 when nothing is wrong, else 1");
  doctor->add_flag("--json", result.json, "Print a JSON object");
  // doctor -f FILE
  doctor->fallthrough();
  auto* setup = app.add_subcommand("setup", "Prepare this machine for what the file asks for");
  setup
      ->add_flag("--create-folders", result.create_folders,
                 "Make the folders of imaging that are missing")
      ->required();
  setup->fallthrough();
  app.set_version_flag("--version", "pulse2-package-server " + version());
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const bool asked_for = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(error, std::cout, std::cerr);
    return Exit{asked_for ? 0 : k_exit_usage};
  }
  result.doctor = doctor->parsed();
  result.file = std::filesystem::absolute(result.file).string();
  return result;
}

}  // namespace pulse2::app
