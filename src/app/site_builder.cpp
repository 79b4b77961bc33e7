#include "app/site_builder.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "api/endpoint.hpp"
#include "api/imaging_api.hpp"
#include "api/mirror.hpp"
#include "api/mirror_api.hpp"
#include "api/mirror_files.hpp"
#include "api/package_api_get.hpp"
#include "api/package_api_put.hpp"
#include "api/pages.hpp"
#include "api/scheduler_api.hpp"
#include "api/service_record.hpp"
#include "api/user_package_api.hpp"
#include "app/command_line.hpp"
#include "http/percent.hpp"
#include "log/log.hpp"

namespace pulse2::app {
namespace {

using config::Authenticate;

void log_access(const net::Access& access) {
  log::access({access.peer.address.to_text(), access.user, access.method, access.target,
               access.version, access.status, access.bytes, access.complete, access.duration,
               access.referer, access.user_agent, std::chrono::system_clock::now()});
}

net::Limits limits_of(const config::Http& http) {
  net::Limits limits;
  limits.max_connections_per_client = static_cast<std::size_t>(http.max_connections_per_address);
  limits.ipv6_client_bits = static_cast<unsigned>(http.ipv6_client_prefix);
  limits.head_bytes = static_cast<std::size_t>(http.max_request_head);
  const std::chrono::seconds idle(http.idle_timeout);
  limits.keep_alive_idle = idle;
  limits.read_idle = idle;
  // A client's system tells of what its program takes in steps of up to 64 KiB: patience for that.
  limits.write_idle = 4 * idle;
  limits.head_time = std::chrono::seconds(http.head_timeout);
  limits.min_body_rate = http.min_upload_rate;
  limits.download_rate = http.max_download_rate;
  limits.download_rate_per_client = http.max_download_rate_per_address;
  return limits;
}

/// Collects the services section by section; sections with the same mount point become one.
class SiteBuilder {
 public:
  SiteBuilder(const config::Settings& settings, const SiteParts& parts)
      : m_settings(settings), m_parts(parts) {
    m_address.protocol = settings.protocol();
    m_address.server = parts.public_host;
    m_address.port = static_cast<std::uint16_t>(settings.main.port);
    m_address.username = settings.ssl.username;
    m_address.password = settings.ssl.password;
  }

  std::shared_ptr<const net::Site> build() {
    for (const auto& mirror : m_settings.mirrors)
      add_mirror(mirror);
    for (const auto& section : m_settings.package_api_gets)
      add_get(section);
    for (const auto& section : m_settings.package_api_puts)
      add_put(section);
    add_assignment_apis();
    add_imaging_api();
    add_endpoints();
    add_pages();
    return std::make_shared<const net::Site>(std::move(m_options));
  }

 private:
  struct Mount {
    std::string path;
    api::MethodTable methods;
    bool is_api = false;        ///< an API for which credentials count, not only a mirror
    std::string upload_folder;  ///< not empty when it takes uploads
  };

  Mount& mount(const std::string& path) {
    const auto found = std::find_if(m_mounts.begin(), m_mounts.end(),
                                    [&path](const Mount& mount) { return mount.path == path; });
    if (found != m_mounts.end()) return *found;
    m_mounts.push_back({path, {}, false, {}});
    return m_mounts.back();
  }

  Mount& api_mount(const std::string& path) {
    Mount& result = mount(path);
    result.is_api = true;
    return result;
  }

  /// One for each src: mount points of the same packages share their lists.
  api::PackageView view(const std::string& src) {
    const auto known = m_views.find(src);
    if (known != m_views.end()) return known->second;
    const api::PackageView made(m_parts.catalog, m_parts.ledger, src);
    return m_views.emplace(src, made).first->second;
  }

  void describe(std::string kind, std::string name, std::string mount_point, std::string src,
                bool is_file_tree = false) {
    m_services.push_back(
        {std::move(kind), std::move(name), std::move(mount_point), std::move(src), is_file_tree});
  }

  void add_mirror(const config::Mirror& section) {
    const std::string files = section.mount_point + "_files";
    const std::string url = section.mirror.empty()
                                ? api::base_url(m_address) + http::encode_path(files)
                                : section.mirror;
    mount(section.mount_point).methods.add(api::mirror_methods(view(section.src), url));
    describe("mirror", section.name, section.mount_point, section.src);
    auto tree =
        std::make_unique<net::FileTree>(section.src, files, m_settings.http.follow_links_to);
    tree->set_authenticate(m_settings.http.authenticate == Authenticate::all);
    add_route(files, std::make_shared<api::MirrorFiles>(view(section.src), files, std::move(tree)));
    describe("files", section.name, files, section.src, true);
    m_mirrors.push_back(api::service_record(m_address, section.mount_point));
  }

  void add_get(const config::PackageApiGet& section) {
    api_mount(section.mount_point).methods.add(api::package_api_get_methods(view(section.src)));
    describe("package_api_get", section.name, section.mount_point, section.src);
    m_package_apis.push_back(record_of_api(section.mount_point));
  }

  void add_put(const config::PackageApiPut& section) {
    Mount& target = api_mount(section.mount_point);
    target.upload_folder = section.tmp_input_dir;
    target.methods.add(api::package_api_get_methods(view(section.src)));
    api::MethodTable writing = api::package_api_put_methods(
        view(section.src), {section.tmp_input_dir, m_settings.main.free_space_reserve},
        m_parts.editor);
    writing.restrict_to_writers();
    target.methods.add(writing);
    describe("package_api_put", section.name, section.mount_point, section.src);
    m_package_apis.push_back(record_of_api(section.mount_point));
    m_put_apis.push_back(m_package_apis.back());
  }

  [[nodiscard]] xmlrpc::Struct record_of_api(const std::string& mount_point) const {
    return api::service_record(m_address, mount_point, api::Credentials::include);
  }

  void add_assignment_apis() {
    if (m_settings.mirror_api) {
      const auto assignment = m_settings.main.mm_assign_algo == config::MirrorAlgorithm::multi_site
                                  ? api::MirrorAssignment::multi_site
                                  : api::MirrorAssignment::standard;
      const std::string& path = m_settings.mirror_api->mount_point;
      api_mount(path).methods.add(api::mirror_api_methods({m_mirrors, m_package_apis, assignment}));
      describe("mirror_api", "mirror_api", path, {});
    }
    if (m_settings.user_package_api) {
      const std::string& path = m_settings.user_package_api->mount_point;
      api_mount(path).methods.add(api::user_package_api_methods(m_put_apis));
      describe("user_package_api", "user_package_api", path, {});
    }
    if (m_settings.scheduler_api) {
      const auto& section = *m_settings.scheduler_api;
      api_mount(section.mount_point)
          .methods.add(api::scheduler_api_methods(section.mount_point, section.schedulers));
      describe("scheduler_api", "scheduler_api", section.mount_point, {});
    }
  }

  void add_imaging_api() {
    if (!m_settings.imaging_api || m_parts.imaging == nullptr) return;
    const std::string& path = m_settings.imaging_api->mount_point;
    api_mount(path).methods.add(api::imaging_api_methods(m_parts.imaging));
    describe("imaging_api", "imaging_api", path, {});
  }

  [[nodiscard]] bool asks_for_credentials(const Mount& mount) const {
    switch (m_settings.http.authenticate) {
      case Authenticate::apis:
        return mount.is_api;
      case Authenticate::all:
        return true;
      case Authenticate::none:
        return false;
    }
    return true;
  }

  void add_endpoints() {
    for (Mount& mount : m_mounts) {
      api::EndpointOptions options;
      options.mount_point = mount.path;
      options.authenticate = asks_for_credentials(mount);
      options.writers = m_settings.http.write_from;
      options.max_body_of_readers = m_settings.http.max_request_body;
      const bool takes_uploads = !mount.upload_folder.empty();
      options.max_body =
          takes_uploads ? m_settings.http.max_upload_body : m_settings.http.max_request_body;
      // An upload waits where it goes: what has room for the one has room for the other.
      options.spool_dir = mount.upload_folder;
      options.spool_reserve = m_settings.main.free_space_reserve;
      add_route(mount.path, std::make_shared<api::XmlRpcEndpoint>(
                                std::move(mount.methods), std::move(options), *m_parts.tasks));
    }
  }

  void add_pages() {
    api::DescriptionOptions description;
    description.base_url = api::base_url(m_address);
    description.version = version();
    description.services = std::move(m_services);
    description.authenticate = m_settings.http.authenticate != Authenticate::none;
    description.mirrors = m_parts.mirrors;
    add_route("/desc", api::make_description_handler(std::move(description), m_parts.catalog));
    add_route("/healthz", api::make_health_handler(m_parts.health));
    m_options.routes.push_back({"/", net::Match::exact, api::make_root_handler()});
    m_options.username = m_settings.ssl.username;
    m_options.password = m_settings.ssl.password;
    m_options.limits = limits_of(m_settings.http);
    m_options.limits.max_connections = m_parts.max_connections;
    if (!m_settings.log.access_log.empty()) m_options.access_log = log_access;
  }

  void add_route(std::string path, std::shared_ptr<net::Handler> handler) {
    m_options.routes.push_back({std::move(path), net::Match::exact_or_below, std::move(handler)});
  }

  const config::Settings& m_settings;
  const SiteParts& m_parts;
  api::ServiceAddress m_address;
  net::SiteOptions m_options;
  std::map<std::string, api::PackageView> m_views;  ///< by src
  std::vector<Mount> m_mounts;
  std::vector<api::ServiceDescription> m_services;
  std::vector<xmlrpc::Struct> m_mirrors;
  std::vector<xmlrpc::Struct> m_package_apis;
  std::vector<xmlrpc::Struct> m_put_apis;
};

}  // namespace

std::shared_ptr<const net::Site> build_site(const config::Settings& settings,
                                            const SiteParts& parts) {
  return SiteBuilder(settings, parts).build();
}

}  // namespace pulse2::app
