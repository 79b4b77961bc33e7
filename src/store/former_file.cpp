#include "store/former_file.hpp"

#include <fcntl.h>

#include <string_view>

#include "os/file.hpp"
#include "os/tree.hpp"

namespace pulse2::store {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::string_view k_database_head = "SQLite format 3";

Expected<void> rename_path(const std::string& from, const std::string& to) {
  PULSE2_TRY(os::rename_at(AT_FDCWD, from, AT_FDCWD, to));
  return os::sync_folder(os::folder_of(to));
}

}  // namespace

Expected<bool> is_former_file(const std::string& path) {
  auto file = os::open_file(path, O_RDONLY);
  if (!file && file.error().kind == ErrorKind::not_found) return false;
  if (!file) return tl::unexpected(std::move(file).error());
  std::string head(k_database_head.size(), '\0');
  auto size = os::read_at(file->get(), head.data(), head.size(), 0);
  if (!size) return tl::unexpected(std::move(size).error());
  head.resize(*size);
  return !head.empty() && head != k_database_head;
}

Expected<void> set_aside(const std::string& path, const std::string& suffix) {
  return rename_path(path, path + suffix);
}

Expected<void> replace_former_file(
    const std::string& path, const std::string& content,
    const std::function<Expected<void>(const std::string& fresh)>& fill) {
  const std::string fresh = path + ".new";
  PULSE2_TRY(os::remove_tree_at(AT_FDCWD, fresh));
  PULSE2_TRY(fill(fresh));
  PULSE2_TRY(os::write_file_atomically(path + ".migrated", content, 0600));
  return rename_path(fresh, path);
}

}  // namespace pulse2::store
