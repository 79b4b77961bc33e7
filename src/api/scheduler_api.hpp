#pragma once

#include <string>
#include <vector>

#include "api/method_table.hpp"

namespace pulse2::api {

/// The methods of `[scheduler_api]`. `schedulers`: URLs or ids as configured.
[[nodiscard]] MethodTable scheduler_api_methods(std::string mount_point,
                                                const std::vector<std::string>& schedulers);

}  // namespace pulse2::api
