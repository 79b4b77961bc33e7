#pragma once

#include <string>

#include "api/method_table.hpp"
#include "api/package_view.hpp"

namespace pulse2::api {

/// The methods that a `[package_api_put:XX]` section has beyond package_api_get. On a server that
/// only reads, those that change packages answer a failure of kind `unavailable`.
[[nodiscard]] MethodTable package_api_put_methods(const PackageView& packages,
                                                  std::string tmp_input_dir);

}  // namespace pulse2::api
