#pragma once

#include "catalog/detection.hpp"
#include "config/settings.hpp"

namespace pulse2::app {

/// How detection is to run by these settings.
[[nodiscard]] catalog::DetectionOptions detection_options(const config::Settings& settings);

}  // namespace pulse2::app
