#include "catalog/served_digests.hpp"

#include <algorithm>
#include <unordered_map>

#include "catalog/entry_builder.hpp"
#include "package/file_id.hpp"
#include "package/md5sums.hpp"

namespace pulse2::catalog {
namespace {

using Digests = std::unordered_map<std::string, base::Md5Digest>;

bool is_served(const Entry& entry, const std::string& md5sums) {
  if (entry.files.empty()) return false;
  const auto id =
      package::file_id("/" + entry.folder, std::string(k_md5sums), base::md5_hex(md5sums));
  return id == base::to_hex(entry.files.back().id);
}

Digests digests_in(const std::string& md5sums) {
  Digests digests;
  const auto lines = package::parse_md5sums(md5sums);
  if (!lines) return digests;
  for (const auto& line : *lines)
    digests.emplace(line.path, digest_of(line.md5));
  return digests;
}

bool has_size(const Entry& entry, const FoundFile& file) {
  const auto record =
      std::lower_bound(entry.files.begin(), entry.files.end(), file.name,
                       [](const FileRecord& a, const std::string& name) { return a.name < name; });
  return record != entry.files.end() && record->name == file.name &&
         record->size == file.status.size;
}

}  // namespace

void take_served_digests(const Entry& entry, const std::optional<std::string>& md5sums,
                         FoundPackage& package) {
  if (!md5sums || !package.md5sums || !is_served(entry, *md5sums)) return;
  const Digests digests = digests_in(*md5sums);
  for (auto& file : package.files) {
    const auto digest = digests.find(file.name);
    if (digest == digests.end() || !has_size(entry, file)) continue;
    if (file.status.mtime_ns <= package.md5sums->mtime_ns) file.md5 = digest->second;
  }
}

}  // namespace pulse2::catalog
