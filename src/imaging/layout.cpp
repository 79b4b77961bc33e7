#include "imaging/layout.hpp"

#include <utility>

#include "os/file.hpp"
#include "os/tree.hpp"

namespace pulse2::imaging {
namespace {

using Option = std::pair<const char*, std::string>;

std::vector<Option> needed_folders(const config::ImagingApi& settings) {
  return {{"base_folder", settings.base_folder},
          {"bootloader_folder", settings.bootloader_folder},
          {"bootmenus_folder", settings.bootmenus_folder},
          {"diskless_folder", settings.diskless_folder},
          {"computers_folder", settings.computers_folder},
          {"inventories_folder", settings.inventories_folder},
          {"masters_folder", settings.masters_folder},
          {"postinst_folder", settings.postinst_folder}};
}

std::vector<Option> needed_files(const config::ImagingApi& settings) {
  const std::string folder = settings.diskless_folder + "/";
  return {{"diskless_kernel", folder + settings.diskless_kernel},
          {"diskless_initrd", folder + settings.diskless_initrd},
          {"diskless_memtest", folder + settings.diskless_memtest},
          {"diskless_dban", folder + settings.diskless_dban}};
}

std::string problem(const Option& option, const std::string& what) {
  return std::string("[imaging_api] ") + option.first + ": " + what;
}

std::string below_base(const config::ImagingApi& settings, const std::string& path) {
  const std::string base = settings.base_folder + "/";
  return path.starts_with(base) ? path.substr(base.size()) : path;
}

}  // namespace

std::vector<std::string> missing_parts(const config::ImagingApi& settings) {
  std::vector<std::string> problems;
  const auto check = [&problems](const Option& option, bool wants_folder) {
    const auto status = os::status_of(option.second);
    if (!status) {
      problems.push_back(problem(option, status.error().for_operator()));
    } else if (wants_folder ? !status->is_folder() : !status->is_regular()) {
      problems.push_back(
          problem(option, option.second + (wants_folder ? " is no folder" : " is no file")));
    }
  };
  for (const auto& folder : needed_folders(settings))
    check(folder, true);
  for (const auto& file : needed_files(settings))
    check(file, false);
  return problems;
}

base::Expected<std::vector<std::string>> make_folders(const config::ImagingApi& settings) {
  auto wanted = needed_folders(settings);
  wanted.emplace_back("archives_folder", settings.archives_folder);
  wanted.emplace_back("isos_folder", settings.isos_folder);
  std::vector<std::string> made;
  for (const auto& option : wanted) {
    auto parts = os::make_path(option.second, 0755);
    if (!parts) return tl::unexpected(std::move(parts).error());
    made.insert(made.end(), parts->begin(), parts->end());
  }
  return made;
}

bootmenu::Places places_of(const config::ImagingApi& settings) {
  const auto below = [&settings](const std::string& path) { return below_base(settings, path); };
  return {settings.base_folder,
          below(settings.bootloader_folder),
          settings.bootsplash_file,
          below(settings.diskless_folder),
          settings.diskless_kernel,
          settings.diskless_initrd,
          settings.diskless_memtest,
          settings.diskless_dban,
          below(settings.masters_folder),
          below(settings.postinst_folder),
          below(settings.computers_folder)};
}

std::string disc_boot_loader(const config::ImagingApi& settings) {
  const std::string folder = settings.bootloader_folder + "/";
  const std::string named = folder + settings.cdrom_bootloader;
  const std::string installed = folder + "cdrom_boot";
  const bool use_installed = !settings.cdrom_bootloader_written && !os::status_of(named) &&
                             os::status_of(installed).has_value();
  return use_installed ? installed : named;
}

}  // namespace pulse2::imaging
