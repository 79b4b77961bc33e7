#pragma once

#include <string>
#include <vector>

#include "config/load.hpp"

/// Two configurations side by side, for a reload.
namespace pulse2::config {

/// What is different in `next`: `[section] option` for each option, `[section] added` and
/// `[section] removed` for sections, in the order of the documentation. Values are left out: they
/// may be secret.
[[nodiscard]] std::vector<std::string> differences(const Settings& current, const Settings& next);

/// Gives `next` the values of `current` where a running server can't follow a change.
/// @return the options that would have changed, as `[section] option`
[[nodiscard]] std::vector<std::string> hold_back_fixed_options(const Settings& current,
                                                               Loaded& next);

}  // namespace pulse2::config
