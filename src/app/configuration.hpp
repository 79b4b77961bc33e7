#pragma once

#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "app/preflight.hpp"
#include "base/error.hpp"
#include "config/load.hpp"

namespace pulse2::app {

/// A configuration file without mistakes, and what it comes to on this machine.
struct Configuration {
  config::Loaded loaded;
  Preflight preflight;
  bool daemon = false;  ///< the process is one: standard error is nobody's

  [[nodiscard]] const config::Settings& settings() const noexcept { return loaded.settings; }
};

/// What is wrong, one line for each mistake.
using Mistakes = std::vector<std::string>;

/// Reads the file and looks at its text. Error: the file can't be read.
[[nodiscard]] base::Expected<config::Loaded> load_file(const std::string& path);

/// The mistakes of the text and the package trees that are not on this machine, by line.
[[nodiscard]] std::vector<config::Diagnostic> mistakes_of(const config::Loaded& loaded);

/// For a start: all mistakes, those of the text and those that this machine shows.
[[nodiscard]] tl::expected<Configuration, Mistakes> check_for_start(config::Loaded loaded,
                                                                    bool daemon);

/// A configuration that may take the place of the running one.
struct Candidate {
  Configuration configuration;
  std::vector<std::string> held_back;  ///< changed options that count from the next start on
};

/// For a reload: reads the file of the running configuration again and checks it with the rights
/// that the process has now. Nothing changes yet.
[[nodiscard]] tl::expected<Candidate, Mistakes> read_candidate(const Configuration& running);

/// Logs what is doubtful about it.
void log_doubts(const Configuration& configuration);

/// Where the log goes.
[[nodiscard]] config::LoggingPlan logging_of(const Configuration& configuration);

}  // namespace pulse2::app
