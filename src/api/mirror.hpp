#pragma once

#include <string>

#include "api/method_table.hpp"
#include "api/package_view.hpp"

namespace pulse2::api {

/// The methods of a `[mirror:XX]` section. `files_url` is what file paths are appended to, without
/// a slash at its end: "http://host:port/mirror1_files" or the section's `mirror` URL.
[[nodiscard]] MethodTable mirror_methods(const PackageView& packages, const std::string& files_url);

}  // namespace pulse2::api
