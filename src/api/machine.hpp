#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// The uuid member of a machine or user, `what` in errors; ints are taken as their digits.
/// Error `invalid_argument`: "<what> must have an uuid".
[[nodiscard]] base::Expected<std::string> uuid_of(const xmlrpc::Value& machine,
                                                  std::string_view what);

}  // namespace pulse2::api
