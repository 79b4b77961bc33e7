#include "api/mirror.hpp"

#include <utility>

#include "http/percent.hpp"

namespace pulse2::api {
namespace {

using base::Expected;

/// "" for what is unknown: the launcher counts that as a failed file.
std::string file_url(const catalog::Snapshot& snapshot, const PackageView& packages,
                     const std::string& files_url, const xmlrpc::Value& fid) {
  const auto text = fid.as_string();
  if (!text) return {};
  const auto location = snapshot.find_file(packages.src(), *text);
  if (!location) return {};
  return files_url + http::encode_path(location->path + "/" + location->name);
}

}  // namespace

MethodTable mirror_methods(const PackageView& packages, const std::string& files_url) {
  MethodTable table;
  table.add("getServerDetails", {0, 0, [packages](const Arguments&) -> Expected<Answer> {
                                   return packages.visible();
                                 }});
  table.add("isAvailable", {1, 1, [packages](const Arguments& arguments) -> Expected<Answer> {
                              const auto pid = arguments.at(0).as_string();
                              return xmlrpc::Value(pid && packages.has_visible(*pid));
                            }});
  const auto one = [packages, files_url](const Arguments& arguments) -> Expected<Answer> {
    return xmlrpc::Value(file_url(*packages.snapshot(), packages, files_url, arguments.at(0)));
  };
  table.add("getFilePath", {1, 1, one});
  table.add("getFileURI", {1, 1, one});
  table.add("getFilesURI",
            {1, 1, [packages, files_url](const Arguments& arguments) -> Expected<Answer> {
               const auto fids = arguments.array(0, "fids");
               if (!fids) return tl::unexpected(fids.error());
               // One snapshot for all, so that the answer is of one moment.
               const auto snapshot = packages.snapshot();
               xmlrpc::Array urls;
               urls.reserve((*fids)->size());
               for (const xmlrpc::Value& fid : **fids) {
                 urls.emplace_back(file_url(*snapshot, packages, files_url, fid));
               }
               return xmlrpc::Value(std::move(urls));
             }});
  return table;
}

}  // namespace pulse2::api
