#pragma once

#include <memory>
#include <string>

#include "api/method_table.hpp"
#include "api/package_view.hpp"
#include "api/uploads.hpp"
#include "catalog/editor.hpp"

namespace pulse2::api {

/// The methods that a `[package_api_put:XX]` section has beyond package_api_get.
[[nodiscard]] MethodTable package_api_put_methods(const PackageView& packages, UploadFolder uploads,
                                                  std::shared_ptr<catalog::Editor> editor);

}  // namespace pulse2::api
