#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"
#include "package/package.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// Sets one member of a package's record from what a client sent: texts also as numbers and
/// booleans, commands also as their bare text. Members that no client may set (size, files…) and
/// unknown ones change nothing. Error `invalid_argument` for a type that can't be meant.
[[nodiscard]] base::Expected<void> set_member(package::Package& package, std::string_view name,
                                              const xmlrpc::Value& value);

/// set_member() for each member but the id.
[[nodiscard]] base::Expected<void> set_members(package::Package& package,
                                               const xmlrpc::Struct& members);

}  // namespace pulse2::api
