#include "catalog/snapshot.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "xmlrpc/decode.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::catalog {

namespace {

std::string_view without_slashes(std::string_view path) {
  while (path.size() > 1 && path.back() == '/')
    path.remove_suffix(1);
  return path;
}

/// A power of two that leaves at least half of the slots free.
std::size_t slots_for(std::size_t keys) {
  return std::bit_ceil(keys * 2 + 2);
}

/// A file id is an MD5: any of its bytes are as good as a hash.
std::size_t hash_of(const base::Md5Digest& id) {
  std::size_t hash = 0;
  std::memcpy(&hash, id.data(), sizeof hash);
  return hash;
}

int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

std::optional<base::Md5Digest> parse_id(std::string_view text) {
  base::Md5Digest id{};
  if (text.size() != id.size() * 2) return std::nullopt;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id[i] = static_cast<unsigned char>(high * 16 + low);
  }
  return id;
}

FileLocation location_of(std::shared_ptr<const Entry> package, const FileRecord& file) {
  FileLocation location;
  location.path = "/" + package->folder;
  const auto slash = file.name.rfind('/');
  if (slash == std::string::npos) {
    location.name = file.name;
  } else {
    location.path += "/" + file.name.substr(0, slash);
    location.name = file.name.substr(slash + 1);
  }
  location.package = std::move(package);
  return location;
}

}  // namespace

std::string Entry::basepath() const {
  return (*src == "/" ? "" : *src) + "/" + folder;
}

xmlrpc::Struct Entry::record() const {
  std::string answer(xmlrpc::k_response_prefix);
  fragment->append_to(answer);
  answer += xmlrpc::k_response_suffix;
  auto response = xmlrpc::decode_response(answer);
  if (!response) return {};
  const auto* value = std::get_if<xmlrpc::Value>(&*response);
  if (value == nullptr || value->as_struct() == nullptr) return {};
  // Big strings borrow from the answer, which ends here.
  return *value->to_owned().as_struct();
}

Snapshot::Snapshot(std::uint64_t generation, std::vector<Tree> trees,
                   std::vector<BrokenPackage> broken)
    : m_generation(generation), m_broken(std::move(broken)) {
  m_trees.reserve(trees.size());
  for (auto& tree : trees)
    m_trees.push_back(index(std::move(tree)));
}

Snapshot::IndexedTree Snapshot::index(Tree tree) {
  IndexedTree indexed;
  std::size_t files = 0;
  for (const auto& package : tree.packages)
    files += package->files.size();
  indexed.by_pid.resize(slots_for(tree.packages.size()));
  indexed.by_fid.resize(slots_for(files));
  const auto insert = [](std::vector<Slot>& slots, std::size_t hash, Slot slot) {
    std::size_t i = hash & (slots.size() - 1);
    while (slots[i].package != k_free)
      i = (i + 1) & (slots.size() - 1);
    slots[i] = slot;
  };
  for (std::uint32_t p = 0; p < tree.packages.size(); ++p) {
    const Entry& package = *tree.packages[p];
    insert(indexed.by_pid, base::stable_hash(package.id), {p, 0});
    for (std::uint32_t f = 0; f < package.files.size(); ++f) {
      insert(indexed.by_fid, hash_of(package.files[f].id), {p, f});
    }
  }
  indexed.tree = std::move(tree);
  return indexed;
}

const Snapshot::IndexedTree* Snapshot::tree_of(std::string_view src) const {
  const auto wanted = without_slashes(src);
  const auto tree = std::find_if(m_trees.begin(), m_trees.end(), [&](const auto& candidate) {
    return candidate.tree.src == wanted;
  });
  return tree == m_trees.end() ? nullptr : &*tree;
}

const std::vector<Snapshot::EntryPointer>& Snapshot::packages(std::string_view src) const {
  static const std::vector<EntryPointer> k_none;
  const auto* tree = tree_of(src);
  return tree == nullptr ? k_none : tree->tree.packages;
}

Snapshot::EntryPointer Snapshot::find_in(const IndexedTree& tree, std::string_view pid) {
  const auto& slots = tree.by_pid;
  std::size_t i = base::stable_hash(pid) & (slots.size() - 1);
  for (; slots[i].package != k_free; i = (i + 1) & (slots.size() - 1)) {
    const auto& package = tree.tree.packages[slots[i].package];
    if (package->id == pid) return package;
  }
  return nullptr;
}

Snapshot::EntryPointer Snapshot::find(std::string_view src, std::string_view pid) const {
  const auto* tree = tree_of(src);
  return tree == nullptr ? nullptr : find_in(*tree, pid);
}

Snapshot::EntryPointer Snapshot::find_any(std::string_view pid) const {
  for (const auto& tree : m_trees) {
    if (auto package = find_in(tree, pid)) return package;
  }
  return nullptr;
}

std::optional<FileLocation> Snapshot::find_file(std::string_view src, std::string_view fid) const {
  const auto* tree = tree_of(src);
  const auto id = parse_id(fid);
  if (tree == nullptr || !id) return std::nullopt;
  const auto& slots = tree->by_fid;
  std::size_t i = hash_of(*id) & (slots.size() - 1);
  for (; slots[i].package != k_free; i = (i + 1) & (slots.size() - 1)) {
    const auto& package = tree->tree.packages[slots[i].package];
    const auto& file = package->files[slots[i].file];
    if (file.id == *id) return location_of(package, file);
  }
  return std::nullopt;
}

std::shared_ptr<const std::string> Snapshot::find_in_memory(std::string_view src,
                                                            std::string_view path) const {
  constexpr std::string_view k_name = "/MD5SUMS";
  if (!path.ends_with(k_name)) return nullptr;
  const auto folder = path.substr(0, path.size() - k_name.size());
  const auto& all = packages(src);
  const auto package = std::lower_bound(
      all.begin(), all.end(), folder,
      [](const EntryPointer& entry, std::string_view wanted) { return entry->folder < wanted; });
  if (package == all.end() || (*package)->folder != folder) return nullptr;
  return (*package)->md5sums_in_memory;
}

std::size_t Snapshot::package_count() const noexcept {
  std::size_t count = 0;
  for (const auto& tree : m_trees)
    count += tree.tree.packages.size();
  return count;
}

}  // namespace pulse2::catalog
