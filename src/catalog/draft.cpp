#include "catalog/draft.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/names.hpp"
#include "base/text.hpp"
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
/// Beside a staged folder `N` while file systems without an exchange rename: `N.place` names the
/// package's folder, `N.old` is its old state.
constexpr std::string_view k_place_suffix = ".place";
constexpr std::string_view k_old_suffix = ".old";

std::string path_of(int folder, std::string_view name) {
  return "/proc/self/fd/" + std::to_string(folder) + "/" + std::string(name);
}

/// Opens `path` below `folder` one component after the other, through no link.
Expected<os::UniqueFd> open_below(int folder, std::string_view path) {
  auto copy = os::duplicate(folder);
  if (!copy || path.empty()) return copy;
  os::UniqueFd current = std::move(*copy);
  for (const auto part : base::split(path, '/')) {
    auto next = os::open_folder_at(current.get(), std::string(part));
    if (!next) return next;
    current = std::move(*next);
  }
  return current;
}

std::pair<std::string, std::string> split_last(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

Expected<void> sync(int folder, std::string_view what) {
  return os::sync_file(folder, what);
}

/// Reads a description as it is; nothing when there is no such file.
template <class Parse>
Expected<std::optional<package::Package>> read_one(int folder, std::string_view name, Parse parse) {
  auto bytes = os::read_file(path_of(folder, name), k_most_description);
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
  auto [parent, last] = split_last(draft.m_package.folder);
  auto opened = draft.m_root.open_beneath(parent, O_RDONLY | O_DIRECTORY);
  if (!opened) return tl::unexpected(std::move(opened).error());
  draft.m_parent = std::move(*opened);
  draft.m_last = std::move(last);
  return draft;
}

Draft::~Draft() {
  // Litter that can't be removed now is removed at the next start.
  if (!m_name.empty() && m_staging) (void)os::remove_tree_at(m_staging.get(), m_name);
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
  auto text = os::read_file(path_of(folder->get(), k_md5sums), k_most_md5sums);
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
  const std::string last = split_last(name).second;
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
  auto [below, last] = split_last(name);
  auto folder = open_below(m_staging.get(), below.empty() ? m_name : m_name + "/" + below);
  if (!folder) return tl::unexpected(std::move(folder).error());
  PULSE2_TRY(os::unlink_at(folder->get(), last));
  auto& files = m_package.files;
  files.erase(std::remove_if(files.begin(), files.end(),
                             [&](const FoundFile& file) { return file.name == name; }),
              files.end());
  return {};
}

Expected<void> Draft::stage_text(std::string_view name, const std::string& text) {
  auto folder = os::open_folder_at(m_staging.get(), m_name);
  if (!folder) return tl::unexpected(std::move(folder).error());
  return os::write_file_atomically(path_of(folder->get(), name), text);
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

Expected<void> Draft::commit_new() {
  PULSE2_TRY(os::sync_tree_at(m_staging.get(), m_name, true));
  PULSE2_TRY(os::rename_new_at(m_staging.get(), m_name, m_parent.get(), m_last));
  const auto synced = sync(m_parent.get(), m_package.folder);
  if (synced) {
    m_name.clear();
    return synced;
  }
  // What is not known to be durable is not there.
  if (!os::rename_new_at(m_parent.get(), m_last, m_staging.get(), m_name)) m_name.clear();
  return synced;
}

Expected<void> Draft::commit_exchange() {
  // Files that were served are durable already; syncing them again costs little.
  PULSE2_TRY(os::sync_tree_at(m_staging.get(), m_name, true));
  auto exchanged = os::exchange_at(m_staging.get(), m_name, m_parent.get(), m_last);
  if (!exchanged) return tl::unexpected(std::move(exchanged).error());
  if (!*exchanged) return exchange_by_renames();
  auto synced = sync(m_parent.get(), m_package.folder);
  if (synced) synced = sync(m_staging.get(), k_staging_folder);
  if (!synced) (void)os::exchange_at(m_staging.get(), m_name, m_parent.get(), m_last);
  return synced;
}

Expected<void> Draft::exchange_by_renames() {
  const std::string place = m_name + std::string(k_place_suffix);
  const std::string old = m_name + std::string(k_old_suffix);
  PULSE2_TRY(os::write_file_atomically(path_of(m_staging.get(), place), m_package.folder));
  const auto forget = [&] { (void)os::unlink_at(m_staging.get(), place); };
  if (auto moved = os::rename_new_at(m_parent.get(), m_last, m_staging.get(), old); !moved) {
    forget();
    return moved;
  }
  if (auto moved = os::rename_new_at(m_staging.get(), m_name, m_parent.get(), m_last); !moved) {
    PULSE2_TRY(os::rename_new_at(m_staging.get(), old, m_parent.get(), m_last));
    forget();
    return moved;
  }
  PULSE2_TRY(sync(m_parent.get(), m_package.folder));
  forget();
  m_name = old;
  return {};
}

Expected<void> Draft::commit_removal() {
  PULSE2_TRY(open_staging());
  PULSE2_TRY(os::rename_new_at(m_parent.get(), m_last, m_staging.get(), m_name));
  PULSE2_TRY(sync(m_staging.get(), k_staging_folder));
  return sync(m_parent.get(), m_package.folder);
}

Expected<void> Draft::write_in_place(std::string_view name, const std::string& text) {
  auto folder = os::open_folder_at(m_parent.get(), m_last);
  if (!folder) return tl::unexpected(std::move(folder).error());
  // Written in the staging folder: what a crash leaves is cleared away there, not in the package.
  PULSE2_TRY(open_staging());
  PULSE2_TRY(os::write_file_atomically(path_of(m_staging.get(), m_name), text));
  PULSE2_TRY(os::rename_at(m_staging.get(), m_name, folder->get(), std::string(name)));
  m_name.clear();
  return sync(folder->get(), m_package.folder);
}

Expected<void> Draft::withdraw(std::string_view name) {
  auto folder = os::open_folder_at(m_parent.get(), m_last);
  if (!folder) return tl::unexpected(std::move(folder).error());
  const std::string from(name);
  const std::string to = from + ".rem";
  if (auto renamed = os::rename_at(folder->get(), from, folder->get(), to); !renamed) {
    if (renamed.error().kind == ErrorKind::not_found) return {};
    return renamed;
  }
  return sync(folder->get(), m_package.folder);
}

void Draft::refresh_statuses() {
  const auto refresh = [&](const std::string& name) -> std::optional<os::FileStatus> {
    auto file = m_root.open_beneath(m_package.folder + "/" + name, O_PATH);
    if (!file) return std::nullopt;
    auto status = os::status_of(file->get(), name);
    if (!status) return std::nullopt;
    return *status;
  };
  for (auto& file : m_package.files) {
    if (const auto status = refresh(file.name)) file.status = *status;
  }
  m_package.md5sums = refresh(std::string(k_md5sums));
}

Expected<bool> Draft::recover(const std::string& src) {
  auto root = os::Root::open(src);
  if (!root) return tl::unexpected(std::move(root).error());
  auto staging = os::open_folder_at(root->fd(), std::string(k_staging_folder));
  if (!staging) {
    if (staging.error().kind == ErrorKind::not_found) return false;
    return tl::unexpected(std::move(staging).error());
  }
  auto items = os::list_folder(staging->get());
  if (!items) return tl::unexpected(std::move(items).error());
  for (const auto& item : *items) {
    if (!item.name.ends_with(k_place_suffix)) continue;
    auto place = os::read_file(path_of(staging->get(), item.name), 4096);
    if (!place) return tl::unexpected(std::move(place).error());
    const std::string number = item.name.substr(0, item.name.size() - k_place_suffix.size());
    auto [parent, last] = split_last(*place);
    auto folder = root->open_beneath(parent, O_RDONLY | O_DIRECTORY);
    if (!folder) return tl::unexpected(std::move(folder).error());
    // The old state is put back where the new one did not arrive.
    auto back =
        os::rename_new_at(staging->get(), number + std::string(k_old_suffix), folder->get(), last);
    const bool is_settled = back || back.error().kind == ErrorKind::already_exists ||
                            back.error().kind == ErrorKind::not_found;
    if (!is_settled) return tl::unexpected(std::move(back).error());
    PULSE2_TRY(sync(folder->get(), *place));
  }
  for (const auto& item : *items)
    PULSE2_TRY(os::remove_tree_at(staging->get(), item.name));
  return !items->empty();
}

}  // namespace pulse2::catalog
