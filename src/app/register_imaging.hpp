#pragma once

namespace pulse2::app {

/// pulse2-package-server-register-imaging: registers this imaging server at the MMC agent.
/// @return the exit status (contract 02): 0 done, or with -C not registered yet; 1 no uuid in the
///         file, 2 wrong use, 3 no such file, 4 mistakes in the file, 5 the agent refuses or can't
///         be reached, 6 with -C already registered
[[nodiscard]] int register_imaging(int argc, const char* const* argv);

}  // namespace pulse2::app
