#include "api/pages.hpp"

#include <chrono>
#include <utility>

#include "api/mirror_status.hpp"
#include "base/text.hpp"
#include "http/percent.hpp"
#include "http/response.hpp"

namespace pulse2::api {
namespace {

constexpr std::string_view k_style =
    "body{font-family:sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{text-align:left;padding:.4em .8em;border-bottom:1px solid #ddd}"
    "th{background:#f4f4f4}code{overflow-wrap:anywhere}.bad{color:#a00}";

/// More broken packages than this are only counted: the log has them all.
constexpr std::size_t k_broken_shown = 50;

/// A page that is made at each request.
class PageHandler final : public net::Handler {
 public:
  using Render = std::function<http::Response(const net::Request&)>;

  PageHandler(std::vector<std::string_view> methods, bool authenticate, Render render)
      : m_render(std::move(render)) {
    m_rules.methods = std::move(methods);
    m_rules.authenticate = authenticate;
  }

  [[nodiscard]] const net::Rules& rules(const http::RequestHead& /*head*/,
                                        const net::Peer& /*peer*/) const override {
    return m_rules;
  }
  [[nodiscard]] boost::asio::awaitable<http::Response> respond(
      const net::Request& request) override {
    co_return m_render(request);
  }

 private:
  net::Rules m_rules;
  Render m_render;
};

http::Response page(int status, std::string_view type, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", std::string(type)});
  response.headers.push_back({"Cache-Control", "no-store"});
  response.body = std::move(body);
  return response;
}

std::string packages_text(const catalog::Snapshot& snapshot, const std::string& src) {
  if (src.empty()) return "ready";
  const std::size_t count = snapshot.packages(src).size();
  return std::to_string(count) + (count == 1 ? " package" : " packages");
}

std::string service_row(const DescriptionOptions& options, const ServiceDescription& service,
                        const catalog::Snapshot& snapshot) {
  std::string path = http::encode_path(service.mount_point);
  if (service.is_file_tree) path += "/";
  const std::string url = base::escape_html(options.base_url + path);
  std::string row = "<tr><td><a href=\"" + base::escape_html(path) + "\">" + url + "</a></td><td>";
  row += base::escape_html(service.kind) + "</td><td>" + base::escape_html(service.name);
  row += "</td><td>" + packages_text(snapshot, service.src);
  if (!service.src.empty()) row += " in <code>" + base::escape_html(service.src) + "</code>";
  return row + "</td></tr>\n";
}

std::string phase_text(const catalog::Progress& progress) {
  using Phase = catalog::Progress::Phase;
  switch (progress.phase) {
    case Phase::idle:
      return "The scan of the packages has not begun.";
    case Phase::looking:
      return "Looking for packages: " + std::to_string(progress.packages_found) + " found so far.";
    case Phase::hashing:
      return "Reading packages: " + catalog::describe(progress) + ".";
    case Phase::verifying:
      return "All packages are served; verifying checksums: " + catalog::describe(progress) + ".";
    case Phase::done:
      return "All packages are served.";
  }
  return {};
}

std::string frozen_section(const std::vector<catalog::FrozenTree>& frozen) {
  if (frozen.empty()) return {};
  std::string text =
      "<h2>Trees that are out of sight</h2>\n<p>Their packages are listed as before, until they "
      "are there again or a reload (SIGHUP) confirms that they are gone.</p>\n<ul class=\"bad\">\n";
  for (const auto& tree : frozen) {
    text += "<li><code>" + base::escape_html(tree.src) +
            "</code>: " + base::escape_html(tree.reason) + "</li>\n";
  }
  return text + "</ul>\n";
}

std::string broken_section(const catalog::Snapshot& snapshot) {
  const auto& broken = snapshot.broken();
  if (broken.empty()) return {};
  std::string text = "<h2>Packages that can't be used</h2>\n<ul class=\"bad\">\n";
  for (std::size_t i = 0; i < broken.size() && i < k_broken_shown; ++i) {
    text += "<li><code>" + base::escape_html(broken[i].file) +
            "</code>: " + base::escape_html(broken[i].reason) + "</li>\n";
  }
  if (broken.size() > k_broken_shown) {
    text +=
        "<li>and " + std::to_string(broken.size() - k_broken_shown) + " more, see the log</li>\n";
  }
  return text + "</ul>\n";
}

http::Response root_response(const net::Request& request) {
  if (request.head.method == "POST") return http::error_page(404, "There is no API here.");
  return http::redirect("/desc");
}

}  // namespace

std::string description_page(const DescriptionOptions& options, const CatalogReader& catalog) {
  const auto snapshot = catalog.snapshot();
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">"
      "<title>Pulse 2 package server</title>\n<style>";
  html += k_style;
  html += "</style></head>\n<body>\n<h1>Pulse 2 package server</h1>\n<p>Version " +
          base::escape_html(options.version) + ", " + base::escape_html(options.base_url) +
          "</p>\n<p>" + base::escape_html(phase_text(catalog.progress())) +
          "</p>\n<h2>Services</h2>\n<table>\n"
          "<tr><th>URL</th><th>Kind</th><th>Section</th><th>State</th></tr>\n";
  for (const ServiceDescription& service : options.services) {
    html += service_row(options, service, *snapshot);
  }
  html += "</table>\n<p>APIs are called by XML-RPC (POST).</p>\n";
  html += frozen_section(catalog.frozen());
  html += broken_section(*snapshot);
  if (options.mirrors) html += mirror_section(options.mirrors(), std::chrono::system_clock::now());
  return html + "</body>\n</html>\n";
}

std::shared_ptr<net::Handler> make_description_handler(
    DescriptionOptions options, std::shared_ptr<const CatalogReader> catalog) {
  const bool authenticate = options.authenticate;
  return std::make_shared<PageHandler>(
      std::vector<std::string_view>{"GET", "HEAD"}, authenticate,
      [options = std::move(options), catalog = std::move(catalog)](const net::Request&) {
        return page(200, "text/html; charset=utf-8", description_page(options, *catalog));
      });
}

std::shared_ptr<net::Handler> make_root_handler() {
  return std::make_shared<PageHandler>(std::vector<std::string_view>{"GET", "HEAD", "POST"}, false,
                                       root_response);
}

std::shared_ptr<net::Handler> make_health_handler(std::function<std::string()> problem) {
  return std::make_shared<PageHandler>(std::vector<std::string_view>{"GET", "HEAD"}, false,
                                       [problem = std::move(problem)](const net::Request&) {
                                         const std::string reason = problem();
                                         if (reason.empty())
                                           return page(200, "text/plain; charset=utf-8", "ok\n");
                                         return page(503, "text/plain; charset=utf-8",
                                                     reason + "\n");
                                       });
}

}  // namespace pulse2::api
