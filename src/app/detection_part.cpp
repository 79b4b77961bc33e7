#include "app/detection_part.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace pulse2::app {
namespace {

/// Of sections that share a folder the first gets what is put there.
std::vector<catalog::DropFolder> drop_folders(const config::Settings& settings) {
  std::vector<catalog::DropFolder> drops;
  for (const auto& section : settings.package_api_puts) {
    const bool is_taken = std::any_of(drops.begin(), drops.end(), [&](const auto& drop) {
      return drop.folder == section.tmp_input_dir;
    });
    if (section.tmp_input_dir_written && !is_taken) {
      drops.push_back({section.tmp_input_dir, section.src});
    }
  }
  return drops;
}

}  // namespace

catalog::DetectionOptions detection_options(const config::Settings& settings) {
  catalog::DetectionOptions options;
  options.is_active = settings.detection_active();
  options.rules.last_time_modification =
      settings.main.package_detect_smart_method.last_time_modification;
  options.rules.check_size = settings.main.package_detect_smart_method.check_size;
  options.rules.smart_time = std::chrono::seconds(settings.main.package_detect_smart_time);
  options.rules.round = std::chrono::seconds(settings.main.package_detect_loop);
  options.vanish_limit = settings.main.package_vanish_limit;
  options.srcs = settings.sources();
  options.follow_links_to = settings.http.follow_links_to;
  options.drop_folders = drop_folders(settings);
  return options;
}

}  // namespace pulse2::app
