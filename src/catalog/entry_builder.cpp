#include "catalog/entry_builder.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "os/tree.hpp"
#include "os/walk.hpp"
#include "package/file_id.hpp"
#include "package/md5sums.hpp"
#include "package/record.hpp"

namespace pulse2::catalog {

using base::Expected;
using base::Md5Digest;

namespace {

int value_of(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/// Removes what writing an MD5SUMS left in the package when a crash cut it short: that is written
/// again now.
void remove_leftovers(int folder) {
  const auto items = os::list_folder(folder);
  if (!items) return;
  for (const auto& item : *items) {
    if (item.kind == os::FolderItem::Kind::file && item.name.starts_with(os::k_temporary_prefix)) {
      (void)os::unlink_at(folder, item.name);
    }
  }
}

bool is_newer_than_all(const os::FileStatus& md5sums, const std::vector<FoundFile>& files) {
  return std::all_of(files.begin(), files.end(), [&](const FoundFile& file) {
    return file.status.mtime_ns < md5sums.mtime_ns;
  });
}

bool agrees(const package::Md5Line& line, const FoundFile& file) {
  return line.path == file.name && (!file.md5 || base::to_hex(*file.md5) == line.md5);
}

/// The file as clients see it.
package::FileEntry visible_file(const std::string& package_folder, const std::string& name,
                                const Md5Digest& content) {
  package::FileEntry file;
  const auto slash = name.rfind('/');
  file.path = "/" + package_folder;
  if (slash != std::string::npos) file.path += "/" + name.substr(0, slash);
  file.name = slash == std::string::npos ? name : name.substr(slash + 1);
  file.id = package::file_id(file.path, file.name, base::to_hex(content));
  return file;
}

/// Lists the files and makes the record.
void render(const FoundPackage& package, std::string_view md5sums, Entry& entry) {
  std::vector<package::FileEntry> shown;
  shown.reserve(package.files.size() + 1);
  entry.files.reserve(package.files.size() + 1);
  const auto add = [&](const std::string& name, const Md5Digest& digest, std::uint64_t size) {
    shown.push_back(visible_file(package.folder, name, digest));
    entry.files.push_back({name, digest_of(shown.back().id), size});
    entry.size += size;
  };
  for (const auto& file : package.files)
    add(file.name, *file.md5, file.status.size);
  add(std::string(k_md5sums), base::md5(md5sums), md5sums.size());
  entry.fragment = std::make_shared<const Fragment>(
      package::render_record(package.description, shown, entry.size, entry.basepath()));
}

}  // namespace

Md5Digest digest_of(std::string_view hex) {
  Md5Digest digest{};
  for (std::size_t i = 0; i < digest.size(); ++i) {
    digest[i] = static_cast<unsigned char>(value_of(hex[2 * i]) * 16 + value_of(hex[2 * i + 1]));
  }
  return digest;
}

std::optional<std::vector<std::size_t>> believe_md5sums(const os::Root& root,
                                                        FoundPackage& package) {
  auto& files = package.files;
  if (!package.md5sums || !is_newer_than_all(*package.md5sums, files)) return std::nullopt;
  const auto text = read_md5sums(root, package.folder);
  if (!text) return std::nullopt;
  auto lines = package::parse_md5sums(*text);
  if (!lines || lines->size() != files.size()) return std::nullopt;
  std::sort(lines->begin(), lines->end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  if (!std::equal(lines->begin(), lines->end(), files.begin(), agrees)) return std::nullopt;
  std::vector<std::size_t> believed;
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (files[i].md5) continue;
    files[i].md5 = digest_of((*lines)[i].md5);
    believed.push_back(i);
  }
  return believed;
}

std::string md5sums_text(const FoundPackage& package) {
  std::vector<package::Md5Line> lines;
  lines.reserve(package.files.size());
  for (const auto& file : package.files)
    lines.push_back({base::to_hex(*file.md5), file.name});
  return package::format_md5sums(std::move(lines));
}

std::shared_ptr<Entry> build_entry(const FoundPackage& package, std::string_view md5sums,
                                   std::shared_ptr<const std::string> src,
                                   std::uint64_t generation) {
  auto entry = std::make_shared<Entry>();
  entry->src = std::move(src);
  entry->folder = package.folder;
  entry->id = package.description.id;
  entry->label = package.description.label;
  entry->version = package.description.version;
  entry->generation = generation;
  entry->fingerprint = fingerprint_of(package);
  entry->descriptions = package.descriptions;
  render(package, md5sums, *entry);
  return entry;
}

EntryBuilder::EntryBuilder(const os::Root& root, std::shared_ptr<const std::string> src,
                           Durability durability,
                           std::function<void(const base::Error&)> on_write_failure)
    : m_root(root),
      m_src(std::move(src)),
      m_durability(durability),
      m_on_write_failure(std::move(on_write_failure)) {}

BuiltEntry EntryBuilder::build(FoundPackage& package, std::uint64_t generation) const {
  auto text = std::make_shared<const std::string>(md5sums_text(package));
  const Md5Digest digest = base::md5(*text);
  const bool is_there = is_current(package, *text, digest);
  Expected<void> on_disk;
  if (!is_there) on_disk = write_md5sums(package, *text, digest);
  // One that was there, too: who copied it needs not have cared.
  if (on_disk && m_durability == Durability::at_once) on_disk = make_durable(package);
  BuiltEntry built{build_entry(package, *text, m_src, generation), nullptr};
  if (!on_disk) {
    m_on_write_failure(on_disk.error());
    built.entry->md5sums_in_memory = std::move(text);
  } else if (!is_there && m_durability == Durability::at_sync) {
    built.unsynced = std::move(text);
  }
  return built;
}

Expected<bool> EntryBuilder::sync() {
  if (!m_is_unsynced.exchange(false)) return false;
  PULSE2_TRY(os::sync_file_system(m_root.fd(), m_root.path()));
  return true;
}

bool EntryBuilder::is_current(const FoundPackage& package, const std::string& text,
                              const Md5Digest& digest) const {
  if (!package.md5sums || package.md5sums->size != text.size()) return false;
  const std::string path = m_root.path() + "/" + package.folder + "/" + std::string(k_md5sums);
  const auto known = m_cache ? m_cache->find(path, *package.md5sums) : std::nullopt;
  if (known) return *known == digest;
  const auto present = read_md5sums(m_root, package.folder);
  if (!present || *present != text) return false;
  if (m_cache) m_cache->remember(path, *package.md5sums, digest);
  return true;
}

Expected<void> EntryBuilder::write_md5sums(FoundPackage& package, const std::string& text,
                                           const Md5Digest& digest) const {
  // Within the open folder: a link put in its place meanwhile leads nowhere else.
  auto folder = m_root.open_beneath(package.folder, O_RDONLY | O_DIRECTORY);
  if (!folder) return tl::unexpected(std::move(folder).error());
  const std::string name(k_md5sums);
  if (package.has_leftovers) remove_leftovers(folder->get());
  auto status = os::write_file_unsynced_at(folder->get(), name, text);
  m_is_unsynced = true;
  if (!status) return tl::unexpected(std::move(status).error());
  package.md5sums = *status;
  if (m_cache) {
    m_cache->remember(m_root.path() + "/" + package.folder + "/" + name, *status, digest);
  }
  return {};
}

Expected<void> EntryBuilder::make_durable(const FoundPackage& package) const {
  auto folder = m_root.open_beneath(package.folder, O_RDONLY | O_DIRECTORY);
  if (!folder) return tl::unexpected(std::move(folder).error());
  const std::string path = package.folder + "/" + std::string(k_md5sums);
  auto file = m_root.open_beneath(path, O_RDONLY | O_NONBLOCK);
  if (!file) return tl::unexpected(std::move(file).error());
  PULSE2_TRY(os::sync_file(file->get(), path));
  return os::sync_file(folder->get(), package.folder);
}

}  // namespace pulse2::catalog
