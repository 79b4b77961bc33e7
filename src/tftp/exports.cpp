#include "tftp/exports.hpp"

#include <algorithm>

#include "base/names.hpp"
#include "base/text.hpp"

namespace pulse2::tftp {
namespace {

std::string without_empty_components(std::string_view path) {
  auto components = base::split(path, '/');
  std::erase_if(components, [](std::string_view each) { return each.empty(); });
  return base::join(components, "/");
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.size() > folder.size() + 1 && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace

base::Expected<Location> locate(const std::vector<Export>& exports, std::string_view requested) {
  const std::string path = without_empty_components(requested);
  if (const auto allowed = base::check_relative_path(path, "file"); !allowed) {
    return base::fail(base::ErrorKind::permission_denied, allowed.error().message);
  }
  const Export* best = nullptr;
  for (const Export& each : exports) {
    if (!is_below(path, each.name)) continue;
    if (best == nullptr || each.name.size() > best->name.size()) best = &each;
  }
  if (best == nullptr) {
    return base::fail(base::ErrorKind::not_found, "'" + path + "' is in no folder served by TFTP");
  }
  return Location{best->folder, path.substr(best->name.size() + 1)};
}

}  // namespace pulse2::tftp
