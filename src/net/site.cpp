#include "net/site.hpp"

#include <algorithm>

#include "http/basic_auth.hpp"

namespace pulse2::net {

namespace {

bool matches(const Route& route, std::string_view path) {
  if (!path.starts_with(route.path)) return false;
  if (path.size() == route.path.size()) return true;
  if (route.match == Match::exact) return false;
  return route.path == "/" || path[route.path.size()] == '/';
}

}  // namespace

Site::Site(SiteOptions options) : m_options(std::move(options)) {
  std::stable_sort(m_options.routes.begin(), m_options.routes.end(),
                   [](const Route& a, const Route& b) { return a.path.size() > b.path.size(); });
}

Handler* Site::find(std::string_view path) const {
  const auto route = std::find_if(m_options.routes.begin(), m_options.routes.end(),
                                  [&](const Route& each) { return matches(each, path); });
  return route == m_options.routes.end() ? nullptr : route->handler.get();
}

bool Site::authorized(const http::RequestHead& head) const {
  if (m_options.username.empty()) return true;
  // Several of them are nobody's credentials: which one counts must not depend on their order.
  const auto field = http::join_fields(head.fields, "Authorization");
  const auto given = http::parse_basic_auth(field.value_or(""));
  return given && http::credentials_match(*given, m_options.username, m_options.password);
}

void Site::log_access(const Access& access) const {
  if (m_options.access_log) m_options.access_log(access);
}

}  // namespace pulse2::net
