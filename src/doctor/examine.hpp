#pragma once

#include "config/load.hpp"
#include "doctor/finding.hpp"

namespace pulse2::doctor {

/// Looks at a configuration file that was read, and at what it asks of this machine. Takes some
/// seconds when other machines don't answer. With mistakes in the file the machine is not looked
/// at.
[[nodiscard]] Findings examine(const config::Loaded& loaded);

}  // namespace pulse2::doctor
