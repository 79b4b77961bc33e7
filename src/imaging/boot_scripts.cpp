#include "imaging/boot_scripts.hpp"

#include <fcntl.h>

#include "base/names.hpp"
#include "base/text.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"

namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::string_view k_suffix = ".sh";

Expected<void> check_name(const std::string& name) {
  PULSE2_TRY(base::check_component(name, "script name"));
  if (name.ends_with(k_suffix) && name.size() > k_suffix.size() && name.front() != '.') return {};
  return base::fail(ErrorKind::invalid_argument,
                    "script name '" + base::printable(name) + "' is refused: expected <id>.sh");
}

std::string folder_of(const std::string& postinst_folder) {
  return postinst_folder + "/scripts";
}

}  // namespace

Expected<void> write_script(const std::string& postinst_folder, const std::string& name,
                            const std::string& text) {
  PULSE2_TRY(check_name(name));
  const std::string folder = folder_of(postinst_folder);
  auto made = os::make_path(folder, 0777);
  if (!made) return tl::unexpected(std::move(made).error());
  if (!made->empty()) PULSE2_TRY(os::sync_folder(postinst_folder));
  return os::write_file_atomically(folder + "/" + name, text, os::less_umask(0666));
}

Expected<void> remove_script(const std::string& postinst_folder, const std::string& name) {
  PULSE2_TRY(check_name(name));
  const std::string folder = folder_of(postinst_folder);
  auto removed = os::unlink_at(AT_FDCWD, folder + "/" + name);
  if (!removed && removed.error().kind == ErrorKind::not_found) return {};
  if (!removed) return removed;
  return os::sync_folder(folder);
}

}  // namespace pulse2::imaging
