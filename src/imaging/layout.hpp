#pragma once

#include <string>
#include <vector>

#include "bootmenu/render.hpp"
#include "config/settings.hpp"

/// The folders and files of section [imaging_api].
namespace pulse2::imaging {

/// What is missing of the folders and files that imaging needs: one line each, with the option that
/// names it. Empty when imaging can run.
[[nodiscard]] std::vector<std::string> missing_parts(const config::ImagingApi& settings);

/// Makes the folders that are missing, those of discs and archives included, open to `owner` and
/// readable for everybody. Returns the folders made. Error: the first that can't be made.
[[nodiscard]] base::Expected<std::vector<std::string>> make_folders(
    const config::ImagingApi& settings);

/// The folders as booting clients see them: relative to the base folder where they are below it.
[[nodiscard]] bootmenu::Places places_of(const config::ImagingApi& settings);

/// The boot loader of restoration discs: the option's file, or `cdrom_boot` when the option is not
/// written and only that is there.
[[nodiscard]] std::string disc_boot_loader(const config::ImagingApi& settings);

}  // namespace pulse2::imaging
