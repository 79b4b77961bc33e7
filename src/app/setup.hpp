#pragma once

#include "config/load.hpp"

namespace pulse2::app {

/// `setup --create-folders`: makes the folders of section [imaging_api] that are missing, prints
/// them and gives them to the configured user. The exit status.
[[nodiscard]] int create_folders(const config::Loaded& loaded);

}  // namespace pulse2::app
