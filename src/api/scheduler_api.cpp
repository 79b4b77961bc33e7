#include "api/scheduler_api.hpp"

#include <utility>

#include "api/machine.hpp"
#include "assignment/rendezvous.hpp"
#include "base/text.hpp"

namespace pulse2::api {
namespace {

using base::Expected;
using xmlrpc::Value;

Expected<Value> scheduler_of(const Value& machine, const std::vector<std::string>& schedulers) {
  auto uuid = uuid_of(machine, "machine");
  if (!uuid) return tl::unexpected(std::move(uuid).error());
  const auto index = assignment::choose(*uuid, schedulers);
  if (!index) return base::fail(base::ErrorKind::not_found, "no scheduler is configured");
  return Value(schedulers[*index]);
}

}  // namespace

MethodTable scheduler_api_methods(std::string mount_point,
                                  const std::vector<std::string>& schedulers) {
  xmlrpc::Struct details;
  details["mount_point"] = std::move(mount_point);
  // One string, as the option is written.
  details["schedulers"] = base::join(schedulers, " ");
  MethodTable table;
  table.add("getServerDetails",
            {0, 0, [details](const Arguments&) -> Expected<Answer> { return Value(details); }});
  table.add("getScheduler", {1, 1, [schedulers](const Arguments& arguments) -> Expected<Answer> {
                               return scheduler_of(arguments.at(0), schedulers);
                             }});
  table.add("getSchedulers", {1, 1, [schedulers](const Arguments& arguments) -> Expected<Answer> {
                                const auto machines = arguments.array(0, "machines");
                                if (!machines) return tl::unexpected(machines.error());
                                xmlrpc::Array answers;
                                answers.reserve((*machines)->size());
                                for (const Value& machine : **machines) {
                                  auto one = scheduler_of(machine, schedulers);
                                  if (!one) return tl::unexpected(std::move(one).error());
                                  answers.push_back(*std::move(one));
                                }
                                return Value(std::move(answers));
                              }});
  return table;
}

}  // namespace pulse2::api
