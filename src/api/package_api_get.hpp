#pragma once

#include "api/method_table.hpp"
#include "api/package_view.hpp"

namespace pulse2::api {

/// The methods of a `[package_api_get:XX]` section, which package_api_put has too.
[[nodiscard]] MethodTable package_api_get_methods(const PackageView& packages);

}  // namespace pulse2::api
