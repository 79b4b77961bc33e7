#include "api/user_package_api.hpp"

#include <utility>

#include "api/machine.hpp"

namespace pulse2::api {

MethodTable user_package_api_methods(std::vector<xmlrpc::Struct> package_apis) {
  const xmlrpc::Array records(package_apis.begin(), package_apis.end());
  MethodTable table;
  table.add("getServerDetails", {0, 0, [records](const Arguments&) -> base::Expected<Answer> {
                                   return xmlrpc::Value(records);
                                 }});
  table.add("getUserPackageApi",
            {1, 1, [records](const Arguments& arguments) -> base::Expected<Answer> {
               PULSE2_TRY(uuid_of(arguments.at(0), "user"));
               return xmlrpc::Value(records);
             }});
  return table;
}

}  // namespace pulse2::api
