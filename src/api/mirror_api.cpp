#include "api/mirror_api.hpp"

#include <memory>
#include <string>
#include <utility>

#include "api/machine.hpp"
#include "api/service_record.hpp"
#include "assignment/rendezvous.hpp"

namespace pulse2::api {
namespace {

using base::Expected;
using xmlrpc::Array;
using xmlrpc::Struct;
using xmlrpc::Value;

/// Answers for one machine; the methods for lists of machines call it once for each.
class Assignment {
 public:
  explicit Assignment(MirrorApiOptions options) : m_options(std::move(options)) {
    // The mount point and not the URL: a server that changes its address keeps its machines, and
    // servers with the same mirrors answer alike.
    for (const Struct& mirror : m_options.mirrors) {
      const Value* mount_point = mirror.find("mountpoint");
      m_candidates.emplace_back(mount_point->as_string().value_or(""));
    }
  }

  [[nodiscard]] Expected<Value> mirror(const Value& machine) const {
    auto uuid = uuid_of(machine, "machine");
    if (!uuid) return tl::unexpected(std::move(uuid).error());
    const auto index = assignment::choose(*uuid, m_candidates);
    if (!index) return no_mirror();
    return Value(at_site_of(machine, m_options.mirrors[*index]));
  }

  [[nodiscard]] Expected<Value> fallback(const Value& machine) const {
    auto uuid = uuid_of(machine, "machine");
    if (!uuid) return tl::unexpected(std::move(uuid).error());
    // The site's own server is the only one there: clients expect 0 for none.
    if (m_options.assignment == MirrorAssignment::multi_site) return Value(0);
    const auto index = assignment::choose_fallback(*uuid, m_candidates);
    if (!index) return no_mirror();
    return Value(m_options.mirrors[*index]);
  }

  /// Needs no uuid: the list is the same for every machine, whatever was sent.
  [[nodiscard]] Expected<Value> package_apis(const Value& machine) const {
    Array records;
    for (const Struct& api : m_options.package_apis) {
      records.emplace_back(at_site_of(machine, api));
    }
    return Value(std::move(records));
  }

  [[nodiscard]] Value details() const {
    Struct details;
    const auto add = [&details](const char* name, const std::vector<Struct>& records) {
      if (!records.empty()) details[name] = Array(records.begin(), records.end());
    };
    add("package_api", m_options.package_apis);
    add("mirror", m_options.mirrors);
    return details;
  }

 private:
  static tl::unexpected<base::Error> no_mirror() {
    return base::fail(base::ErrorKind::not_found, "no mirror is configured on this server");
  }

  /// The record under the server's name that the machine asks for, where that counts.
  [[nodiscard]] Struct at_site_of(const Value& machine, Struct record) const {
    if (m_options.assignment != MirrorAssignment::multi_site) return record;
    const Struct* members = machine.as_struct();
    const Value* server = members == nullptr ? nullptr : members->find("server");
    if (server == nullptr) return record;
    const auto name = server->as_string();
    if (name && !name->empty()) record["server"] = url_host(*name);
    return record;
  }

  MirrorApiOptions m_options;
  std::vector<std::string> m_candidates;
};

using ForOne = Expected<Value> (Assignment::*)(const Value&) const;

Method for_one(const std::shared_ptr<const Assignment>& assignment, ForOne answer) {
  return {1, 1, [assignment, answer](const Arguments& arguments) -> Expected<Answer> {
            return ((*assignment).*answer)(arguments.at(0));
          }};
}

Expected<Answer> answer_each(const Assignment& assignment, ForOne answer, const Array& machines) {
  Array answers;
  answers.reserve(machines.size());
  for (const Value& machine : machines) {
    auto one = (assignment.*answer)(machine);
    if (!one) return tl::unexpected(std::move(one).error());
    answers.push_back(*std::move(one));
  }
  return Value(std::move(answers));
}

Method for_each(const std::shared_ptr<const Assignment>& assignment, ForOne answer) {
  return {1, 1, [assignment, answer](const Arguments& arguments) -> Expected<Answer> {
            const auto machines = arguments.array(0, "machines");
            if (!machines) return tl::unexpected(machines.error());
            return answer_each(*assignment, answer, **machines);
          }};
}

/// getApiPackages answers whatever it is given; what is no list holds no machines.
Method for_each_of_anything(const std::shared_ptr<const Assignment>& assignment, ForOne answer) {
  return {1, 1, [assignment, answer](const Arguments& arguments) -> Expected<Answer> {
            const Array* machines = arguments.at(0).as_array();
            return answer_each(*assignment, answer, machines == nullptr ? Array{} : *machines);
          }};
}

}  // namespace

MethodTable mirror_api_methods(MirrorApiOptions options) {
  const auto assignment = std::make_shared<const Assignment>(std::move(options));
  MethodTable table;
  table.add("getServerDetails", {0, 0, [assignment](const Arguments&) -> Expected<Answer> {
                                   return assignment->details();
                                 }});
  table.add("getMirror", for_one(assignment, &Assignment::mirror));
  table.add("getMirrors", for_each(assignment, &Assignment::mirror));
  table.add("getFallbackMirror", for_one(assignment, &Assignment::fallback));
  table.add("getFallbackMirrors", for_each(assignment, &Assignment::fallback));
  table.add("getApiPackage", for_one(assignment, &Assignment::package_apis));
  table.add("getApiPackages", for_each_of_anything(assignment, &Assignment::package_apis));
  return table;
}

}  // namespace pulse2::api
