#include "mirroring/places.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/text.hpp"
#include "os/beneath.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"

namespace pulse2::mirroring {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr mode_t k_folder_mode = 0755;

/// The folder that holds `folder`, reached through no link, and the last part of the name.
struct Parent {
  os::UniqueFd fd;
  std::string name;
};

Expected<Parent> parent_in(const std::string& src, const std::string& folder) {
  auto root = os::Root::open(src);
  if (!root) return tl::unexpected(std::move(root).error());
  const auto [above, name] = base::split_last(folder, '/');
  auto parent = os::open_folder_below(root->fd(), above);
  if (!parent) return tl::unexpected(std::move(parent).error());
  return Parent{std::move(*parent), std::string(name)};
}

Expected<void> remove_if_empty(const std::string& src, const std::string& folder) {
  auto parent = parent_in(src, folder);
  if (!parent) return tl::unexpected(std::move(parent).error());
  return os::unlink_at(parent->fd.get(), parent->name, true);
}

/// The first folder of the path that is missing, "" when none is.
Expected<std::string> missing_part(const std::string& src, const std::string& folder) {
  for (std::size_t end = 0; end != std::string::npos;) {
    end = folder.find('/', end + 1);
    std::string part = folder.substr(0, end);
    const auto status = os::status_of(src + "/" + part);
    if (status) continue;
    if (status.error().kind == ErrorKind::not_found) return part;
    return tl::unexpected(status.error());
  }
  return std::string();
}

bool is_below(std::string_view path, std::string_view folder) {
  return path.starts_with(folder) && path.size() > folder.size() && path[folder.size()] == '/';
}

}  // namespace

void Places::know(const std::vector<std::string>& srcs) {
  std::map<std::string, Identity> known;
  for (const std::string& src : srcs) {
    const auto status = os::status_of(src);
    known[src] = status ? Identity{status->device, status->inode} : Identity{};
  }
  const std::lock_guard lock(m_mutex);
  m_known = std::move(known);
}

bool Places::is_as_known(const std::string& src) const {
  const auto status = os::status_of(src);
  const std::lock_guard lock(m_mutex);
  const auto known = m_known.find(src);
  return status && known != m_known.end() &&
         known->second == Identity{status->device, status->inode};
}

Expected<Places::Place> Places::look(const std::string& src, const std::string& folder) {
  const std::lock_guard lock(m_mutex);
  auto missing = missing_part(src, folder);
  if (!missing) return tl::unexpected(std::move(missing).error());
  if (!missing->empty()) return Place{false, std::move(*missing)};
  if (m_empty.contains(src + "/" + folder)) return Place{false, folder};
  // Succeeds for an empty folder alone.
  if (remove_if_empty(src, folder)) return Place{false, folder};
  return Place{true, folder};
}

Expected<bool> Places::make_empty(const std::string& src, const std::string& folder) {
  const std::lock_guard lock(m_mutex);
  const std::string path = src + "/" + folder;
  if (const auto made = m_empty.find(path); made != m_empty.end()) {
    ++made->second;
    return true;
  }
  const auto holds = [&path](const std::string& read) { return is_below(path, read); };
  if (std::any_of(m_read.begin(), m_read.end(), holds)) return false;
  auto parent = parent_in(src, folder);
  if (!parent) return tl::unexpected(std::move(parent).error());
  const auto made = os::make_folder_at(parent->fd.get(), parent->name, k_folder_mode);
  if (!made) return tl::unexpected(made.error());
  if (!*made) return base::fail(ErrorKind::conflict, "the package is there again", path);
  m_empty[path] = 1;
  return true;
}

bool Places::remove_empty(const std::string& src, const std::string& folder) {
  const std::lock_guard lock(m_mutex);
  const auto made = m_empty.find(src + "/" + folder);
  if (made == m_empty.end()) return false;
  if (--made->second == 0) take_away(made->first);
  return true;
}

void Places::make_way(std::string_view src, std::string_view folder) {
  const std::lock_guard lock(m_mutex);
  const auto made = m_empty.find(std::string(src) + "/" + std::string(folder));
  if (made != m_empty.end()) take_away(made->first);
}

void Places::begin_reading(const std::string& path) {
  const std::lock_guard lock(m_mutex);
  m_read.insert(path);
  std::vector<std::string> in_the_way;
  for (const auto& [made, users] : m_empty) {
    if (is_below(made, path)) in_the_way.push_back(made);
  }
  for (const std::string& made : in_the_way)
    take_away(made);
}

void Places::end_reading(const std::string& path) {
  const std::lock_guard lock(m_mutex);
  const auto read = m_read.find(path);
  if (read != m_read.end()) m_read.erase(read);
}

/// What was put there meanwhile stays.
void Places::take_away(const std::string& path) {
  const auto [above, name] = base::split_last(path, '/');
  (void)remove_if_empty(std::string(above), std::string(name));
  m_empty.erase(path);
}

}  // namespace pulse2::mirroring
