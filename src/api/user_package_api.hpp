#pragma once

#include <vector>

#include "api/method_table.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// The methods of `[user_package_api]`. `package_apis`: records of every package_api_put.
[[nodiscard]] MethodTable user_package_api_methods(std::vector<xmlrpc::Struct> package_apis);

}  // namespace pulse2::api
