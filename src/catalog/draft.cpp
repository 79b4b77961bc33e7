#include "catalog/draft.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/names.hpp"
#include "base/text.hpp"
#include "catalog/entry_builder.hpp"
#include "catalog/parallel.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"
#include "package/conf_json.hpp"
#include "package/conf_xml.hpp"

namespace pulse2::catalog {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::uint64_t k_most_description = 16ULL << 20U;
constexpr std::uint64_t k_most_md5sums = 256ULL << 20U;

/// Whether a file is the one that was hashed: a link or a copy of it.
bool has_same_content(const FoundFile& hashed, const FoundFile& found) {
  return hashed.name == found.name && hashed.status.size == found.status.size &&
         hashed.status.mtime_ns == found.status.mtime_ns;
}

/// Reads a description as it is; nothing when there is no such file.
template <class Parse>
Expected<std::optional<package::Package>> read_one(int folder, std::string_view name, Parse parse) {
  auto bytes = os::read_file(os::path_in(folder, name), k_most_description);
  if (!bytes) {
    if (bytes.error().kind == ErrorKind::not_found) return std::nullopt;
    return tl::unexpected(std::move(bytes).error());
  }
  auto parsed = parse(*bytes);
  if (!parsed) return tl::unexpected(std::move(parsed).error());
  return std::move(*parsed);
}

}  // namespace

Expected<Draft> Draft::open(os::Root root, std::string folder) {
  Draft draft(std::move(root), std::move(folder));
  const auto [parent, last] = base::split_last(draft.m_package.folder, '/');
  auto opened = draft.m_root.open_beneath(parent, O_RDONLY | O_DIRECTORY);
  if (!opened) return tl::unexpected(std::move(opened).error());
  draft.m_parent = std::move(*opened);
  draft.m_last = last;
  return draft;
}

Draft::~Draft() {
  remove_litter();
}

void Draft::remove_litter() {
  // What can't be removed now is removed at the next start.
  if (!m_name.empty() && m_staging) (void)os::remove_tree_at(m_staging.get(), m_name);
  m_name.clear();
}

Expected<void> Draft::read(Reporter& reporter) {
  auto folder = os::open_folder_at(m_parent.get(), m_last);
  if (!folder) return tl::unexpected(std::move(folder).error());
  auto found = read_package(m_root, m_package.folder, reporter);
  if (!found) {
    return base::fail(ErrorKind::conflict, "the package on the disk can't be used",
                      found.error().file + ": " + found.error().reason);
  }
  m_package = std::move(*found);
  return {};
}

Expected<Description> Draft::read_description() const {
  auto folder = os::open_folder_at(m_parent.get(), m_last);
  if (!folder) return tl::unexpected(std::move(folder).error());
  auto json = read_one(folder->get(), k_conf_json, package::parse_conf_json);
  if (!json) return tl::unexpected(std::move(json).error());
  auto xml = read_one(folder->get(), k_conf_xml, package::parse_conf_xml);
  // A damaged conf.xml beside a conf.json that counts is replaced by the edit.
  if (!xml && !*json) return tl::unexpected(std::move(xml).error());
  Description description;
  description.json = std::move(*json);
  description.xml = xml ? std::move(*xml) : description.json;
  if (!description.json && !description.xml) {
    return base::fail(ErrorKind::conflict, "the package has no description any more");
  }
  return description;
}

std::optional<std::string> Draft::read_md5sums() const {
  auto folder = os::open_folder_at(m_parent.get(), m_last);
  if (!folder) return std::nullopt;
  auto text = os::read_file(os::path_in(folder->get(), k_md5sums), k_most_md5sums);
  if (!text) return std::nullopt;
  return std::move(*text);
}

std::string Draft::staged_path() const {
  return std::string(k_staging_folder) + "/" + m_name;
}

Expected<void> Draft::open_staging() {
  const std::string name(k_staging_folder);
  if (auto made = os::make_folder_at(m_root.fd(), name, 0700); !made) {
    return tl::unexpected(std::move(made).error());
  }
  auto staging = os::open_folder_at(m_root.fd(), name);
  if (!staging) return tl::unexpected(std::move(staging).error());
  m_staging = std::move(*staging);
  m_name = os::unique_name();
  return {};
}

Expected<void> Draft::stage_new() {
  PULSE2_TRY(open_staging());
  if (auto made = os::make_folder_at(m_staging.get(), m_name, 0777); !made) {
    return tl::unexpected(std::move(made).error());
  }
  return {};
}

Expected<void> Draft::stage_links() {
  PULSE2_TRY(open_staging());
  return os::clone_tree_at(m_parent.get(), m_last, m_staging.get(), m_name);
}

Expected<void> Draft::stage_item(int from, const std::string& item) {
  auto folder = os::open_folder_at(m_staging.get(), m_name);
  if (!folder) return tl::unexpected(std::move(folder).error());
  PULSE2_TRY(os::remove_tree_at(folder->get(), item));
  PULSE2_TRY(os::clone_tree_at(from, item, folder->get(), item));
  auto& files = m_package.files;
  const auto is_replaced = [&](const FoundFile& file) {
    return file.name == item || file.name.starts_with(item + "/");
  };
  files.erase(std::remove_if(files.begin(), files.end(), is_replaced), files.end());
  PULSE2_TRY(list_added(folder->get(), item));
  std::sort(files.begin(), files.end(),
            [](const FoundFile& a, const FoundFile& b) { return a.name < b.name; });
  return {};
}

Expected<void> Draft::list_added(int folder, const std::string& name) {
  const std::string last(base::split_last(name, '/').second);
  PULSE2_TRY(base::check_component(last, "file name"));
  auto status = os::status_at(folder, last);
  if (!status) return tl::unexpected(std::move(status).error());
  if (status->is_regular()) {
    m_package.files.push_back({name, *status, std::nullopt});
    return {};
  }
  if (!status->is_folder()) {
    return base::fail(ErrorKind::invalid_argument,
                      base::printable(name) + " is refused: neither a file nor a folder");
  }
  auto opened = os::open_folder_at(folder, last);
  if (!opened) return tl::unexpected(std::move(opened).error());
  auto items = os::list_folder(opened->get());
  if (!items) return tl::unexpected(std::move(items).error());
  for (const auto& item : *items)
    PULSE2_TRY(list_added(opened->get(), name + "/" + item.name));
  return {};
}

Expected<void> Draft::unstage_file(const std::string& name) {
  const std::string path = m_name + "/" + name;
  const auto [below, last] = base::split_last(path, '/');
  auto folder = os::open_folder_below(m_staging.get(), below);
  if (!folder) return tl::unexpected(std::move(folder).error());
  PULSE2_TRY(os::unlink_at(folder->get(), std::string(last)));
  auto& files = m_package.files;
  files.erase(std::remove_if(files.begin(), files.end(),
                             [&](const FoundFile& file) { return file.name == name; }),
              files.end());
  return {};
}

Expected<void> Draft::stage_text(std::string_view name, const std::string& text) {
  auto folder = os::open_folder_at(m_staging.get(), m_name);
  if (!folder) return tl::unexpected(std::move(folder).error());
  return os::write_file_atomically(os::path_in(folder->get(), name), text);
}

Expected<void> Draft::hash(os::ThreadPool& pool, const std::atomic<bool>& cancelled) {
  std::vector<FoundFile*> unknown;
  for (auto& file : m_package.files) {
    if (!file.md5) unknown.push_back(&file);
  }
  const std::string folder = m_name.empty() ? m_package.folder : staged_path();
  return for_all(pool, unknown.size(), [&](std::size_t i) -> Expected<void> {
    FoundFile& file = *unknown[i];
    const std::string path = folder + "/" + file.name;
    auto opened = m_root.open_beneath(path, O_RDONLY | O_NONBLOCK);
    if (!opened) return tl::unexpected(std::move(opened).error());
    auto status = os::status_of(opened->get(), path);
    if (!status) return tl::unexpected(std::move(status).error());
    file.status = *status;
    auto digest = hash_file(m_root, path, file.status, [&](std::size_t) { return !cancelled; });
    if (!digest) return tl::unexpected(std::move(digest).error());
    file.md5 = *digest;
    return {};
  });
}

bool Draft::settle() {
  // First: files of the old state that went on share their status with it.
  remove_litter();
  NoReporter nobody;
  const auto found = read_package(m_root, m_package.folder, nobody);
  auto& files = m_package.files;
  const bool is_as_made = found && found->description == m_package.description && found->md5sums &&
                          found->md5sums->size == md5sums_text(m_package).size() &&
                          std::equal(files.begin(), files.end(), found->files.begin(),
                                     found->files.end(), has_same_content);
  if (!is_as_made) return false;
  for (std::size_t i = 0; i < files.size(); ++i)
    files[i].status = found->files[i].status;
  m_package.md5sums = found->md5sums;
  m_package.descriptions = found->descriptions;
  return true;
}

}  // namespace pulse2::catalog
