#include "config/checks.hpp"

#include <array>
#include <filesystem>
#include <vector>

#include "base/text.hpp"

namespace pulse2::config {

namespace {

enum class MountKind { mirror, package_api_get, package_api_put, other };

/// A mount point and whose it is.
struct Mount {
  std::string section;
  std::string path;
  MountKind kind = MountKind::other;
  std::string src;
};

/// Paths of the server's own pages.
constexpr std::array<std::string_view, 2> k_reserved = {"/desc", "/healthz"};

bool is_at_or_below(std::string_view path, std::string_view top) {
  return path == top || (path.starts_with(top) && path.substr(top.size()).starts_with('/'));
}

/// The folder's name with `.` and `..` resolved as text, without a slash at its end.
std::string normal(const std::string& folder) {
  std::string path = std::filesystem::path(folder).lexically_normal().string();
  while (path.size() > 1 && path.ends_with('/'))
    path.pop_back();
  return path;
}

bool is_inside(const std::string& inner, const std::string& outer) {
  return inner != outer && (outer == "/" || is_at_or_below(inner, outer));
}

class Checker {
 public:
  Checker(Loaded& loaded, const Failed& failed) : m_loaded(loaded), m_failed(failed) {}

  void check() {
    collect();
    for (std::size_t later = 0; later < m_mounts.size(); ++later) {
      check_reserved(m_mounts[later]);
      for (std::size_t first = 0; first < later; ++first) {
        check_pair(m_mounts[first], m_mounts[later]);
      }
    }
    check_trees();
  }

 private:
  void collect() {
    const Settings& settings = m_loaded.settings;
    if (settings.mirror_api) add("mirror_api", settings.mirror_api->mount_point);
    if (settings.user_package_api) add("user_package_api", settings.user_package_api->mount_point);
    if (settings.scheduler_api) add("scheduler_api", settings.scheduler_api->mount_point);
    if (settings.imaging_api) add("imaging_api", settings.imaging_api->mount_point);
    for (const auto& mirror : settings.mirrors) {
      add(mirror.name, mirror.mount_point, MountKind::mirror, mirror.src);
    }
    for (const auto& get : settings.package_api_gets) {
      add(get.name, get.mount_point, MountKind::package_api_get, get.src);
    }
    for (const auto& put : settings.package_api_puts) {
      add(put.name, put.mount_point, MountKind::package_api_put, put.src);
    }
  }

  void add(const std::string& section, const std::string& path, MountKind kind = MountKind::other,
           const std::string& src = {}) {
    if (!src.empty() && m_failed.count({section, "src"}) == 0) m_trees.emplace_back(section, src);
    if (path.empty() || m_failed.count({section, "mount_point"}) != 0) return;
    m_mounts.push_back({section, path, kind, normal(src)});
  }

  /// Whether one endpoint may answer the methods of both.
  static bool may_share(const Mount& a, const Mount& b) {
    return a.kind != MountKind::other && b.kind != MountKind::other && a.kind != b.kind &&
           a.src == b.src;
  }

  void check_pair(const Mount& first, const Mount& later) {
    if (first.path == later.path) {
      // An unreadable src was complained about, and would make the two seem different.
      const bool unknown = m_failed.count({first.section, "src"}) != 0 ||
                           m_failed.count({later.section, "src"}) != 0;
      if (!unknown && !may_share(first, later)) {
        complain(later, "a mount point of its own; [" + first.section + "] has it too" +
                            where(first.section, "mount_point"));
      }
      return;
    }
    check_files(first, later);
    check_files(later, first);
  }

  void check_files(const Mount& mirror, const Mount& other) {
    if (mirror.kind != MountKind::mirror) return;
    if (!is_at_or_below(other.path, mirror.path + "_files")) return;
    complain(other, "a path that is not reserved; " + mirror.path + "_files has the files of [" +
                        mirror.section + "]" + where(mirror.section, "mount_point"));
  }

  void check_reserved(const Mount& mount) {
    for (const std::string_view reserved : k_reserved) {
      if (!is_at_or_below(mount.path, reserved)) continue;
      complain(mount, "a path that is not reserved; " + std::string(reserved) +
                          " is a page of the server");
    }
  }

  void check_trees() {
    std::set<std::pair<std::string, std::string>> reported;
    for (const auto& [section, src] : m_trees) {
      for (const auto& [other, outer] : m_trees) {
        const std::string inside = normal(src);
        const std::string around = normal(outer);
        if (!is_inside(inside, around) || !reported.insert({inside, around}).second) continue;
        std::string message = "a folder apart from the other trees; it lies inside ";
        message += outer;
        message += " of [" + other + "]" + where(other, "src");
        error(section, "src", src, std::move(message));
      }
    }
  }

  void complain(const Mount& mount, std::string message) {
    error(mount.section, "mount_point", mount.path, std::move(message));
  }

  void error(const std::string& section, const std::string& option, const std::string& value,
             std::string message) {
    m_loaded.errors.push_back(
        {m_loaded.file, line_of(section, option), section, option, value, std::move(message)});
  }

  /// The option's line, or its section's when the value is the default.
  int line_of(const std::string& section, const std::string& option) const {
    auto found = m_loaded.lines.find({section, option});
    if (found == m_loaded.lines.end()) found = m_loaded.lines.find({section, ""});
    return found == m_loaded.lines.end() ? 0 : found->second;
  }

  std::string where(const std::string& section, const std::string& option) const {
    return " (line " + std::to_string(line_of(section, option)) + ")";
  }

  Loaded& m_loaded;
  const Failed& m_failed;
  std::vector<Mount> m_mounts;
  std::vector<std::pair<std::string, std::string>> m_trees;  ///< section, src
};

}  // namespace

void check_relations(Loaded& loaded, const Failed& failed) {
  Checker(loaded, failed).check();
}

}  // namespace pulse2::config
