#include <fcntl.h>

#include <filesystem>
#include <optional>

#include "base/text.hpp"
#include "config/load.hpp"
#include "doctor/fetch.hpp"
#include "doctor/probes.hpp"
#include "http/percent.hpp"
#include "os/file.hpp"

namespace pulse2::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t k_largest = 16 << 20;  // bytes of the file that is fetched
constexpr int k_most_entries = 20000;

/// A file below the tree that is worth a download, relative to it.
std::optional<std::string> some_file(const std::string& src) {
  std::error_code error;
  int left = k_most_entries;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(src, options, error), end; !error && it != end && --left;
       it.increment(error)) {
    std::error_code ignored;
    const auto name = it->path().filename().string();
    // What begins with a dot may be the server's own and is not served then.
    if (name.starts_with('.')) {
      if (it->is_directory(ignored)) it.disable_recursion_pending();
      continue;
    }
    if (it->is_symlink(ignored) || !it->is_regular_file(ignored)) continue;
    const auto size = it->file_size(ignored);
    if (ignored || size == 0 || size > k_largest) continue;
    return it->path().lexically_relative(src).string();
  }
  return std::nullopt;
}

/// The parts of an http(s) URL that a mirror's files are served under instead of our own.
std::optional<std::pair<Place, std::string>> split_url(const std::string& url) {
  Place place;
  place.tls = url.starts_with("https://");
  std::string_view rest = url;
  rest.remove_prefix(place.tls ? 8 : 7);
  const auto slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  authority.remove_prefix(authority.rfind('@') + 1);
  const auto colon = authority.ends_with(']') ? std::string_view::npos : authority.rfind(':');
  const auto port = colon == std::string_view::npos
                        ? std::optional<std::uint16_t>(place.tls ? 443 : 80)
                        : base::parse_integer<std::uint16_t>(authority.substr(colon + 1));
  if (!port) return std::nullopt;
  place.port = *port;
  place.host = authority.substr(0, colon);
  if (place.host.starts_with('[')) place.host = place.host.substr(1, place.host.size() - 2);
  std::string path(rest.substr(slash));
  while (path.ends_with('/'))
    path.pop_back();
  return std::pair(place, path);
}

Finding compare(const std::string& where, const base::Expected<Reply>& reply,
                const std::string& file) {
  if (!reply) {
    return fault(where + ": " + reply.error().for_operator(),
                 "see that clients reach this machine by [main] public_ip (name, firewall)");
  }
  if (reply->status != 200) {
    return fault(where + ": status " + std::to_string(reply->status),
                 "see the server's log, and the rights of the file");
  }
  const auto content = os::read_file(file, k_largest);
  if (!content || *content != reply->body) {
    return fault(where + ": other bytes than those of " + file,
                 "see who answers at that address, and whether the file is being changed");
  }
  return good(where + ": " + base::human_size(static_cast<double>(reply->body.size())) +
              " as on the disk");
}

Finding look_at(const Subject& subject, const config::Mirror& mirror) {
  const auto file = some_file(mirror.src);
  if (!file) return skip("[" + mirror.name + "]: no file to download yet", "add a package");
  Place place = own_place(subject.settings());
  place.host = subject.public_host;
  std::string path = http::encode_path(mirror.mount_point + "_files");
  if (!mirror.mirror.empty()) {
    auto elsewhere = split_url(mirror.mirror);
    if (!elsewhere) {
      return fault("[" + mirror.name + "] mirror = " + config::hide_credentials(mirror.mirror) +
                       ": no URL with a host and a port",
                   "correct the option");
    }
    std::tie(place, path) = *std::move(elsewhere);
  } else if (!subject.server_runs) {
    return skip("[" + mirror.name + "]: the server does not run", "start it and look again");
  }
  const std::string target = path + '/' + http::encode_path(*file);
  const std::string where = std::string(place.tls ? "https://" : "http://") + place.host + ':' +
                            std::to_string(place.port) + target;
  return compare(where, fetch(place, target, k_largest), mirror.src + '/' + *file);
}

}  // namespace

Findings probe_downloads(const Subject& subject) {
  Findings findings;
  for (const auto& mirror : subject.settings().mirrors)
    findings.push_back(look_at(subject, mirror));
  return findings;
}

}  // namespace pulse2::doctor
