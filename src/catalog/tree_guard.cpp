#include "catalog/tree_guard.hpp"

#include <algorithm>
#include <utility>

namespace pulse2::catalog {
namespace {

/// So many packages may vanish at once in a tree of any size.
constexpr std::size_t k_always_allowed = 5;

std::string_view without_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/')
    path.remove_suffix(1);
  return path;
}

std::optional<os::FileStatus> look_at(const std::string& src) {
  auto status = os::status_of(src);
  if (!status) return std::nullopt;
  return *status;
}

bool is_same(const os::FileStatus& a, const os::FileStatus& b) {
  return a.device == b.device && a.inode == b.inode;
}

}  // namespace

std::optional<std::string> doubt(const TreeSight& sight, int limit) {
  if (sight.missing == 0) return std::nullopt;
  const std::string missing =
      std::to_string(sight.missing) + " of " + std::to_string(sight.served) + " packages";
  if (!sight.is_same_root) return "the folder is another one than before, without " + missing;
  const auto allowed =
      std::max(k_always_allowed, sight.served * static_cast<std::size_t>(limit) / 100);
  if (sight.missing <= allowed) return std::nullopt;
  return missing + " vanished at once";
}

std::vector<std::string> TreeGuard::confirm(const std::vector<std::string>& srcs) {
  const std::lock_guard lock(m_mutex);
  std::vector<std::string> confirmed;
  std::map<std::string, Tree, std::less<>> trees;
  for (const auto& configured : srcs) {
    const std::string src(without_slashes(configured));
    const Tree* known = find(src);
    const bool was_doubted = known && (!known->frozen_because.empty() || known->was_objected_to);
    if (was_doubted) confirmed.push_back(src);
    trees.emplace(src, known && !was_doubted ? *known : Tree{look_at(src), {}, false});
  }
  m_trees = std::move(trees);
  return confirmed;
}

std::optional<std::string> TreeGuard::objection(std::string_view src) const {
  const std::string plain(without_slashes(src));
  const auto now = look_at(plain);
  const std::lock_guard lock(m_mutex);
  const Tree* tree = find(plain);
  if (tree == nullptr) return std::nullopt;
  std::string reason = tree->frozen_because;
  if (!now) {
    reason = "the folder can't be read";
  } else if (reason.empty() && tree->root && !is_same(*tree->root, *now)) {
    reason = "the folder is another one than before";
  }
  if (reason.empty()) return std::nullopt;
  tree->was_objected_to = true;
  return reason;
}

bool TreeGuard::is_same_root(std::string_view src, const os::FileStatus& root) const {
  const std::lock_guard lock(m_mutex);
  const Tree* tree = find(src);
  return tree == nullptr || !tree->root || is_same(*tree->root, root);
}

void TreeGuard::adopt(std::string_view src, const os::FileStatus& root) {
  const std::lock_guard lock(m_mutex);
  const auto tree = m_trees.find(without_slashes(src));
  if (tree != m_trees.end()) tree->second = Tree{root, {}, false};
}

bool TreeGuard::freeze(std::string_view src, std::string reason) {
  const std::lock_guard lock(m_mutex);
  const auto tree = m_trees.find(without_slashes(src));
  if (tree == m_trees.end()) return false;
  const bool is_new = tree->second.frozen_because.empty();
  tree->second.frozen_because = std::move(reason);
  return is_new;
}

std::vector<FrozenTree> TreeGuard::frozen() const {
  const std::lock_guard lock(m_mutex);
  std::vector<FrozenTree> all;
  for (const auto& [src, tree] : m_trees) {
    if (!tree.frozen_because.empty()) all.push_back({src, tree.frozen_because});
  }
  return all;
}

bool TreeGuard::is_frozen(std::string_view src) const {
  const std::lock_guard lock(m_mutex);
  const Tree* tree = find(src);
  return tree != nullptr && !tree->frozen_because.empty();
}

const TreeGuard::Tree* TreeGuard::find(std::string_view src) const {
  const auto tree = m_trees.find(without_slashes(src));
  return tree == m_trees.end() ? nullptr : &tree->second;
}

}  // namespace pulse2::catalog
