#include "catalog/draft.hpp"

#include <fcntl.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>

#include "base/names.hpp"
#include "base/text.hpp"
#include "catalog/entry_builder.hpp"
#include "catalog/hash_queue.hpp"
#include "catalog/parallel.hpp"
#include "catalog/progress_meter.hpp"
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

/// Files of a draft whose hash is not known.
class UnknownFiles final : public HashedFiles {
 public:
  /// `folder`: that of the draft, below the root.
  explicit UnknownFiles(std::string folder) : m_folder(std::move(folder)) {}

  /// With its present status. The file outlives this object.
  Expected<void> add(const os::Root& root, FoundFile& file) {
    const std::string path = m_folder + "/" + file.name;
    auto opened = root.open_beneath(path, O_RDONLY | O_NONBLOCK);
    if (!opened) return tl::unexpected(std::move(opened).error());
    auto status = os::status_of(opened->get(), path);
    if (!status) return tl::unexpected(std::move(status).error());
    file.status = *status;
    m_files.push_back(&file);
    return {};
  }

  [[nodiscard]] std::size_t size() const { return m_files.size(); }
  [[nodiscard]] bool has_failed() const { return m_failed; }
  /// The first failure, once has_failed().
  [[nodiscard]] Expected<void> outcome() const {
    const std::lock_guard lock(m_mutex);
    return m_outcome;
  }

  [[nodiscard]] std::string path(std::size_t file) const override {
    return m_folder + "/" + m_files[file]->name;
  }
  [[nodiscard]] const os::FileStatus& status(std::size_t file) const override {
    return m_files[file]->status;
  }
  void take(std::size_t file, Expected<base::Md5Digest> digest) override {
    if (digest) {
      m_files[file]->md5 = *digest;
      return;
    }
    const std::lock_guard lock(m_mutex);
    if (m_outcome) m_outcome = tl::unexpected(std::move(digest).error());
    m_failed = true;
  }

 private:
  std::string m_folder;
  std::vector<FoundFile*> m_files;
  std::atomic<bool> m_failed{false};
  mutable std::mutex m_mutex;
  Expected<void> m_outcome;
};

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
  auto unknown = std::make_shared<UnknownFiles>(m_name.empty() ? m_package.folder : staged_path());
  for (auto& file : m_package.files) {
    if (file.md5) continue;
    // Links and renames have changed it since it was listed.
    PULSE2_TRY(unknown->add(m_root, file));
  }
  ProgressMeter nobody;
  HashQueue queue(m_root, pool.size(), nobody, [&] { return cancelled || unknown->has_failed(); });
  for (std::size_t i = 0; i < unknown->size(); ++i)
    queue.add(unknown, i);
  const std::size_t threads = std::min(unknown->size(), pool.size());
  PULSE2_TRY(for_all(pool, threads, [&](std::size_t) -> Expected<void> {
    HashQueue::Worker worker(queue);
    while (worker.run() || !(queue.is_empty() || cancelled || unknown->has_failed())) {
    }
    return unknown->outcome();
  }));
  if (cancelled) return base::fail(ErrorKind::cancelled, "the server stops");
  return {};
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
