#pragma once

#include "config/settings.hpp"
#include "mirroring/service.hpp"

namespace pulse2::app {

/// What mirroring follows of the configuration.
[[nodiscard]] mirroring::ServiceOptions mirroring_options(const config::Settings& settings);

}  // namespace pulse2::app
