#pragma once

namespace pulse2::app {

/// The whole program: command line, configuration, checks, start, waiting for a signal, stop.
/// @return the exit status (contract 02)
[[nodiscard]] int run(int argc, const char* const* argv);

}  // namespace pulse2::app
