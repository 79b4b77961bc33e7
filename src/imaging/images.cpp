#include "imaging/images.hpp"

#include <fcntl.h>

#include <algorithm>

#include "base/uuid.hpp"
#include "imaging/image_text.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"
#include "os/walk.hpp"

namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::uint64_t k_longest_text = 16U << 20U;
/// The command line that an image was made with stands near the top of its log.
constexpr std::size_t k_log_head = 64U << 10U;

constexpr const char* k_log_file = "log.txt";
constexpr const char* k_size_file = "size.txt";
constexpr const char* k_conf_file = "conf.txt";

/// A plain file in a folder that others write to: no link, no FIFO that would be waited for.
Expected<os::UniqueFd> open_plain(int folder, const std::string& name) {
  auto file = os::open_at(folder, name, O_RDONLY | O_NONBLOCK);
  if (!file) return file;
  const auto status = os::status_of(file->get(), name);
  if (!status) return tl::unexpected(status.error());
  if (status->is_regular()) return file;
  return base::fail(ErrorKind::not_found, name + " is no plain file");
}

Expected<std::string> read_plain(int folder, const std::string& name) {
  auto file = open_plain(folder, name);
  if (!file) return tl::unexpected(std::move(file).error());
  std::string text(k_longest_text, '\0');
  auto size = os::read_at(file->get(), text.data(), text.size(), 0);
  if (!size) return tl::unexpected(std::move(size).error());
  text.resize(*size);
  text.shrink_to_fit();
  return text;
}

bool has_all_files(int folder) {
  constexpr const char* k_needed[] = {k_log_file, "progress.txt", "CONF", k_conf_file, k_size_file};
  return std::all_of(std::begin(k_needed), std::end(k_needed), [folder](const char* name) {
    const auto status = os::status_at(folder, name);
    return status && status->is_regular();
  });
}

}  // namespace

Expected<os::UniqueFd> Images::open() const {
  return os::open_file(m_folder, O_RDONLY | O_DIRECTORY);
}

Expected<os::UniqueFd> Images::open(const std::string& image) const {
  auto folder = open();
  if (!folder) return folder;
  return os::open_folder_at(folder->get(), image);
}

Expected<Images::Report> Images::inspect(const std::string& image) const {
  const auto folder = open(image);
  if (!folder && folder.error().kind != ErrorKind::not_found) {
    return tl::unexpected(folder.error());
  }
  if (!folder || !has_all_files(folder->get())) return Report{};
  const auto size = read_plain(folder->get(), k_size_file);
  if (!size) return tl::unexpected(size.error());
  const auto log = read_plain(folder->get(), k_log_file);
  if (!log) return tl::unexpected(log.error());
  return Report{true, tells_of_error(*log), parse_image_size(*size).value_or(0)};
}

Expected<std::vector<std::string>> Images::log(const std::string& image) const {
  const auto folder = open(image);
  if (!folder) return tl::unexpected(folder.error());
  const auto text = read_plain(folder->get(), k_log_file);
  if (!text) return tl::unexpected(text.error());
  return lines_of(*text);
}

Expected<bool> Images::create(const std::string& image) const {
  auto folder = open();
  if (!folder) return tl::unexpected(std::move(folder).error());
  auto made = os::make_folder_at(folder->get(), image, 0777);
  if (made && *made) PULSE2_TRY(os::sync_file(folder->get(), m_folder));
  return made;
}

void Images::remove_empty(const std::string& image) const {
  const auto folder = open();
  if (folder) (void)os::unlink_at(folder->get(), image, true);
}

Expected<void> Images::remove(const std::string& image) const {
  auto folder = open();
  if (!folder) return tl::unexpected(std::move(folder).error());
  const std::string hidden = std::string(os::k_temporary_prefix) + os::unique_name();
  auto renamed = os::rename_at(folder->get(), image, folder->get(), hidden);
  if (!renamed && renamed.error().kind == ErrorKind::not_found) {
    return base::fail(ErrorKind::not_found, "no image '" + image + "'");
  }
  if (!renamed) return renamed;
  return os::sync_file(folder->get(), m_folder);
}

Expected<void> Images::purge() const {
  const auto folder = open();
  if (!folder) return tl::unexpected(folder.error());
  return os::remove_leftovers_at(folder->get());
}

Expected<Images::Counts> Images::count() const {
  const auto folder = open();
  if (!folder) return tl::unexpected(folder.error());
  const auto items = os::list_folder(folder->get());
  if (!items) return tl::unexpected(items.error());
  Counts counts;
  for (const auto& item : *items) {
    if (!base::is_uuid(item.name)) continue;
    const auto image = os::open_folder_at(folder->get(), item.name);
    if (!image) continue;
    ++counts.total;
    if (!has_all_files(image->get())) continue;
    std::string head(k_log_head, '\0');
    const auto log = open_plain(image->get(), k_log_file);
    if (!log) continue;
    head.resize(os::read_at(log->get(), head.data(), head.size(), 0).value_or(0));
    ++(tells_of_rescue(head) ? counts.rescue : counts.master);
  }
  return counts;
}

Expected<std::vector<Images::File>> Images::files(const std::string& image) const {
  const auto folder = open(image);
  if (!folder) return tl::unexpected(folder.error());
  const auto items = os::list_folder(folder->get());
  if (!items) return tl::unexpected(items.error());
  std::vector<File> files;
  for (const auto& item : *items) {
    if (item.kind != os::FolderItem::Kind::file) continue;
    if (item.name.starts_with(os::k_temporary_prefix)) continue;
    const auto status = os::status_at(folder->get(), item.name);
    if (!status) return tl::unexpected(status.error());
    files.push_back({item.name, status->size});
  }
  return files;
}

std::string Images::conf_entry(const std::string& image, const std::string& key) const {
  const auto folder = open(image);
  if (!folder) return {};
  const auto conf = read_plain(folder->get(), k_conf_file);
  return conf ? imaging::conf_entry(*conf, key) : std::string();
}

}  // namespace pulse2::imaging
