#include "api/package_api_get.hpp"

#include <string>
#include <utility>

namespace pulse2::api {
namespace {

using base::Expected;
using Packages = PackageList::Packages;
using xmlrpc::Array;
using xmlrpc::Struct;
using xmlrpc::Value;

struct MemberMethod {
  const char* method;
  const char* member;  ///< of the package's record
};

constexpr MemberMethod k_member_methods[] = {
    {"getPackageLabel", "label"},
    {"getPackageVersion", "version"},
    {"getPackageSize", "size"},
    {"getPackageInstallInit", "installInit"},
    {"getPackagePreCommand", "preCommand"},
    {"getPackageCommand", "command"},
    {"getPackagePostCommandSuccess", "postCommandSuccess"},
    {"getPackagePostCommandFailure", "postCommandFailure"},
    {"getPackageHasToReboot", "reboot"},
    {"getPackageLicenses", "licenses"},
    {"getPackageAssociateinventory", "associateinventory"},
    {"getPackageQvendor", "Qvendor"},
    {"getPackageQsoftware", "Qsoftware"},
    {"getPackageQversion", "Qversion"},
    {"getPackageBoolcnd", "boolcnd"},
    {"getPackageFiles", "files"},
};

tl::unexpected<base::Error> unknown_package() {
  return base::fail(base::ErrorKind::not_found, "no such package, or it is not available");
}

Expected<Answer> member_of(const PackageView& packages, const Arguments& arguments,
                           const char* member) {
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  const OnePackage entry = packages.available(*pid);
  if (!entry) return unknown_package();
  const Struct record = entry->record();
  const Value* value = record.find(member);
  return value == nullptr ? Value() : *value;
}

/// Anything but the id of a package is answered like an unknown id: {}.
Expected<Answer> detail(const PackageView& packages, const Arguments& arguments) {
  const auto pid = arguments.at(0).as_string();
  OnePackage entry = pid ? packages.available(*pid) : nullptr;
  if (!entry) return Value(Struct{});
  return entry;
}

Expected<Answer> details(const PackageView& packages, const Arguments& arguments) {
  // The existing server takes a string for a list of unknown one-letter ids.
  if (arguments.at(0).is_string()) return std::make_shared<const PackageList>(Packages{});
  const auto pids = arguments.array(0, "pids");
  if (!pids) return tl::unexpected(pids.error());
  const auto snapshot = packages.snapshot();
  Packages found;
  for (const Value& value : **pids) {
    const auto pid = value.as_string();
    if (!pid) continue;
    OnePackage entry = snapshot->find(packages.src(), *pid);
    if (entry && packages.is_available(*entry)) found.push_back(std::move(entry));
  }
  return std::make_shared<const PackageList>(std::move(found));
}

/// The folder that holds the package's folder.
std::string parent_folder(const catalog::Entry& entry) {
  std::string path = entry.basepath();
  path.erase(std::min(path.rfind('/'), path.size()));
  return path;
}

Expected<Answer> local_path(const PackageView& packages, const Arguments& arguments) {
  const auto pid = arguments.at(0).as_string();
  const OnePackage entry = pid ? packages.known(*pid) : nullptr;
  if (!entry) return Value(Struct{});
  return Value(parent_folder(*entry));
}

/// The one method that answers for the packages of every src; those of this one come first.
Expected<Answer> local_paths(const PackageView& packages, const Arguments& arguments) {
  const auto pids = arguments.array(0, "pids");
  if (!pids) return tl::unexpected(pids.error());
  const auto snapshot = packages.snapshot();
  Array paths;
  for (const Value& value : **pids) {
    const auto pid = value.as_string();
    if (!pid) continue;
    OnePackage entry = snapshot->find(packages.src(), *pid);
    if (!entry) entry = snapshot->find_any(*pid);
    if (entry) paths.emplace_back(parent_folder(*entry));
  }
  return Value(std::move(paths));
}

Expected<Answer> ids_of_label(const PackageView& packages, const Arguments& arguments) {
  const auto label = arguments.text(0, "label");
  if (!label) return tl::unexpected(label.error());
  Struct ids;
  const auto visible = packages.visible();
  for (const auto& entry : visible->packages()) {
    if (entry->label == *label) ids[entry->version] = entry->id;
  }
  return Value(std::move(ids));
}

Expected<Answer> id_of(const PackageView& packages, const Arguments& arguments) {
  const auto label = arguments.text(0, "label");
  if (!label) return tl::unexpected(label.error());
  const auto version = arguments.text(1, "version");
  if (!version) return tl::unexpected(version.error());
  const auto visible = packages.visible();
  for (const auto& entry : visible->packages()) {
    if (entry->label == *label && entry->version == *version) return Value(entry->id);
  }
  return base::fail(base::ErrorKind::not_found, "no package of that label and version");
}

using Reader = Expected<Answer> (*)(const PackageView&, const Arguments&);

Method reading(std::size_t least, std::size_t most, const PackageView& packages, Reader reader) {
  return {least, most,
          [packages, reader](const Arguments& arguments) { return reader(packages, arguments); }};
}

Expected<Answer> visible(const PackageView& packages, const Arguments& /*mirror*/) {
  return packages.visible();
}

Expected<Answer> pending(const PackageView& packages, const Arguments& /*mirror*/) {
  return Value(packages.pending());
}

}  // namespace

MethodTable package_api_get_methods(const PackageView& packages) {
  MethodTable table;
  table.add("getServerDetails", reading(0, 0, packages, visible));
  // The mirror that old consoles name is not looked at: packages are those of this mount point.
  table.add("getAllPackages", reading(0, 1, packages, visible));
  table.add("getAllPendingPackages", reading(0, 1, packages, pending));
  table.add("getPackageDetail", reading(1, 1, packages, detail));
  table.add("getPackagesDetail", reading(1, 1, packages, details));
  table.add("getLocalPackagePath", reading(1, 1, packages, local_path));
  table.add("getLocalPackagesPath", reading(1, 1, packages, local_paths));
  table.add("getPackagesIds", reading(1, 1, packages, ids_of_label));
  table.add("getPackageId", reading(2, 2, packages, id_of));
  for (const MemberMethod& entry : k_member_methods) {
    table.add(entry.method, {1, 1, [packages, member = entry.member](const Arguments& arguments) {
                               return member_of(packages, arguments, member);
                             }});
  }
  // Both are kept as they always were: clients read the checksums in MD5SUMS.
  table.add("getFileChecksum",
            {1, 1, [](const Arguments&) -> Expected<Answer> { return Value(0); }});
  table.add("isAvailable",
            {2, 2, [](const Arguments&) -> Expected<Answer> { return Value(true); }});
  return table;
}

}  // namespace pulse2::api
