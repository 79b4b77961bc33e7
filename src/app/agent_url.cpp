#include "app/agent_url.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"
#include "http/percent.hpp"

namespace pulse2::app {
namespace {

tl::unexpected<base::Error> no_agent_url(std::string_view url) {
  // Without what may be a password.
  const auto at = url.rfind('@');
  return base::fail(
      base::ErrorKind::invalid_argument,
      "'" + base::printable(at == std::string_view::npos ? url : url.substr(at + 1)) +
          "' is no address of an agent: expected http(s)://[user:password@]host:port");
}

/// Percent-encoded bytes decoded, slashes too; a `%` without two digits stays as it is.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const auto digits = text[i] == '%' ? text.substr(i + 1, 2) : std::string_view{};
    const auto* end = digits.data() + digits.size();
    const auto [rest, error] = std::from_chars(digits.data(), end, byte, 16);
    const bool is_code = digits.size() == 2 && error == std::errc{} && rest == end;
    out += is_code ? static_cast<char>(byte) : text[i];
    if (is_code) i += 2;
  }
  return out;
}

void read_credentials(std::string_view text, config::MmcAgent& agent) {
  const auto colon = text.find(':');
  agent.username = decoded(text.substr(0, colon));
  agent.password = colon == std::string_view::npos ? "" : decoded(text.substr(colon + 1));
}

/// `host`, `host:port`, `[IPv6]` or `[IPv6]:port`; false for any other text.
bool read_host(std::string_view text, config::MmcAgent& agent) {
  const auto bracket = text.starts_with('[') ? text.find(']') : std::string_view::npos;
  const bool is_bracketed = bracket != std::string_view::npos;
  const auto colon = text.find(':', is_bracketed ? bracket : 0);
  agent.host = is_bracketed ? text.substr(1, bracket - 1) : text.substr(0, colon);
  if (agent.host.empty()) return false;
  if (colon == std::string_view::npos) return true;
  const auto port = base::parse_integer<int>(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65535) return false;
  agent.port = *port;
  return true;
}

/// For a URL's credentials: a slash would end them.
std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : http::encode_path(text))
    out += c == '/' ? std::string("%2F") : std::string(1, c);
  return out;
}

}  // namespace

base::Expected<config::MmcAgent> agent_at(std::string_view url, config::MmcAgent settings) {
  const std::string_view whole = url;
  settings.enablessl = url.starts_with("https://");
  if (!settings.enablessl && !url.starts_with("http://")) return no_agent_url(whole);
  url.remove_prefix(url.find("//") + 2);
  const auto at = url.rfind('@');
  if (at != std::string_view::npos) {
    read_credentials(url.substr(0, at), settings);
    url.remove_prefix(at + 1);
  }
  if (url.ends_with('/')) url.remove_suffix(1);
  if (url.find('/') != std::string_view::npos || !read_host(url, settings)) {
    return no_agent_url(whole);
  }
  return settings;
}

std::string imaging_url(const config::Settings& settings) {
  std::string mount = settings.imaging_api->mount_point;
  mount.erase(std::remove(mount.begin(), mount.end(), '/'), mount.end());
  std::string url = settings.base_url() + "/" + mount;
  if (settings.ssl.username.empty()) return url;
  const std::string credentials =
      encoded(settings.ssl.username) + ":" + encoded(settings.ssl.password) + "@";
  return url.insert(url.find("//") + 2, credentials);
}

}  // namespace pulse2::app
