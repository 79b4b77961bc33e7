#include "api/package_api_put.hpp"

#include <utility>

#include "api/temporary_files.hpp"

namespace pulse2::api {
namespace {

using base::Expected;
using xmlrpc::Value;

struct WritingMethod {
  const char* name;
  std::size_t least;
  std::size_t most;
};

constexpr WritingMethod k_writing_methods[] = {
    {"pushPackage", 3, 3},
    {"putPackageDetail", 1, 2},
    {"associatePackages", 2, 3},
    {"removeFilesFromPackage", 2, 2},
    {"dropPackage", 1, 1},
    {"putPackageLabel", 2, 2},
    {"putPackageVersion", 2, 2},
    {"putPackageSize", 2, 2},
    {"putPackageInstallInit", 2, 2},
    {"putPackagePreCommand", 2, 2},
    {"putPackageCommand", 2, 2},
    {"putPackagePostCommandSuccess", 2, 2},
    {"putPackagePostCommandFailure", 2, 2},
    {"putPackageFiles", 2, 2},
    {"addPackageFile", 2, 2},
};

Expected<Answer> list_files(const std::string& tmp_input_dir) {
  auto files = temporary_files(tmp_input_dir);
  if (!files) return tl::unexpected(std::move(files).error());
  return Value(*std::move(files));
}

Expected<Answer> suggest(const std::string& tmp_input_dir, const Arguments& arguments) {
  // A list was always answered like an empty folder.
  if (arguments.at(0).is_array()) return Value(no_suggested_commands());
  const auto folder = arguments.text(0, "folder");
  if (!folder) return tl::unexpected(folder.error());
  auto commands = suggested_commands(tmp_input_dir, *folder);
  if (!commands) return tl::unexpected(std::move(commands).error());
  return Value(*std::move(commands));
}

Expected<Answer> rsync_status(const PackageView& packages, const Arguments& arguments) {
  const auto pid = arguments.text(0, "pid");
  if (!pid) return tl::unexpected(pid.error());
  if (!packages.known(*pid)) return base::fail(base::ErrorKind::not_found, "no such package");
  xmlrpc::Array targets;
  for (const auto& status : packages.ledger().status(packages.src(), *pid)) {
    targets.emplace_back(xmlrpc::Array{status.target, status.synchronised ? "OK" : "NOK"});
  }
  return Value(std::move(targets));
}

Expected<Answer> read_only(const Arguments& /*arguments*/) {
  return base::fail(base::ErrorKind::unavailable, "this server does not change packages");
}

}  // namespace

MethodTable package_api_put_methods(const PackageView& packages, std::string tmp_input_dir) {
  MethodTable table;
  table.add(
      "getTemporaryFiles",
      {0, 0, [tmp_input_dir](const Arguments&) { return list_files(tmp_input_dir); }, Runs::pool});
  table.add("getTemporaryFilesSuggestedCommand", {1, 1,
                                                  [tmp_input_dir](const Arguments& arguments) {
                                                    return suggest(tmp_input_dir, arguments);
                                                  },
                                                  Runs::pool});
  table.add("getRsyncStatus", {1, 1, [packages](const Arguments& arguments) {
                                 return rsync_status(packages, arguments);
                               }});
  for (const WritingMethod& method : k_writing_methods) {
    table.add(method.name, {method.least, method.most, read_only});
  }
  return table;
}

}  // namespace pulse2::api
