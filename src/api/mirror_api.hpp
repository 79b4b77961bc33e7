#pragma once

#include <vector>

#include "api/method_table.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::api {

/// How machines are given to mirrors.
enum class MirrorAssignment {
  standard,    ///< one of ours, evenly spread and sticky
  multi_site,  ///< the same, under the server's name that the machine says
};

/// Records as service_record() makes them, in the order of the configuration.
struct MirrorApiOptions {
  std::vector<xmlrpc::Struct> mirrors;
  std::vector<xmlrpc::Struct> package_apis;  ///< of every package_api_get and package_api_put
  MirrorAssignment assignment = MirrorAssignment::standard;
};

/// The methods of `[mirror_api]`.
[[nodiscard]] MethodTable mirror_api_methods(MirrorApiOptions options);

}  // namespace pulse2::api
