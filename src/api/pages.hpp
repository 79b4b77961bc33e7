#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/package_view.hpp"
#include "mirroring/status.hpp"
#include "net/handler.hpp"

/// What people and monitoring look at with a browser: /desc, / and /healthz.
namespace pulse2::api {

/// A service as /desc lists it.
struct ServiceDescription {
  std::string kind;  ///< the section's kind, e.g. "package_api_get"
  std::string name;  ///< the section's name, e.g. "mirror:01"
  std::string mount_point;
  std::string src;            ///< empty when the service has no package tree
  bool is_file_tree = false;  ///< a tree that a browser can look into
};

struct DescriptionOptions {
  std::string base_url;  ///< "http://host:port"
  std::string version;   ///< of this server
  std::vector<ServiceDescription> services;
  bool authenticate = false;
  std::function<std::vector<mirroring::TargetReport>()> mirrors;  ///< may be empty
};

/// The page's HTML: every service with URL, kind and state, the scan's progress, the trees that are
/// out of sight, the packages that can't be used and the mirror targets. Everything that comes from
/// outside is escaped.
[[nodiscard]] std::string description_page(const DescriptionOptions& options,
                                           const CatalogReader& catalog);

/// GET and HEAD /desc.
[[nodiscard]] std::shared_ptr<net::Handler> make_description_handler(
    DescriptionOptions options, std::shared_ptr<const CatalogReader> catalog);

/// GET and HEAD / lead to /desc; a call sent to / finds no API there (404).
[[nodiscard]] std::shared_ptr<net::Handler> make_root_handler();

/// GET and HEAD /healthz: 200 "ok", or 503 with the reason. `problem` says what is wrong, "" when
/// nothing is; called by I/O threads.
[[nodiscard]] std::shared_ptr<net::Handler> make_health_handler(
    std::function<std::string()> problem);

}  // namespace pulse2::api
