#include "imaging/menu_files.hpp"

#include <fcntl.h>

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>
#include <variant>

#include "bootmenu/render.hpp"
#include "imaging/layout.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"

namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr const char* k_scripts_folder = "postinst.d";
constexpr std::uint64_t k_longest_menu = 64U << 20U;
constexpr mode_t k_script_mode = 0500;

/// As C's asctime() writes it, in local time.
std::string date_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), "%a %b %e %H:%M:%S %Y", &parts);
  return {text.data(), size};
}

Expected<void> remove_file(const std::string& path) {
  auto removed = os::unlink_at(AT_FDCWD, path);
  if (!removed && removed.error().kind == ErrorKind::not_found) return {};
  if (!removed) return removed;
  return os::sync_folder(os::folder_of(path));
}

/// TFTP servers, which run as others, read these files: no private mode stays.
Expected<void> write_menu(const std::string& path, std::string_view bytes) {
  return os::write_file_atomically(path, bytes, os::less_umask(0666));
}

/// Writes only what is not there already: most menus leave the details as they are.
Expected<void> write_if_changed(const std::string& path, std::string_view bytes) {
  const auto present = os::read_file(path, bytes.size() + 1);
  if (present && *present == bytes) return {};
  return write_menu(path, bytes);
}

std::string script_name(int number) {
  std::array<char, 32> name{};
  const int size = std::snprintf(name.data(), name.size(), "%02d_postinst", number);
  return {name.data(), static_cast<std::size_t>(size)};
}

Expected<void> write_script(int folder, const bootmenu::PostInstallScript& script, int number) {
  const std::string name = script_name(number);
  auto file = os::open_at(folder, name, O_WRONLY | O_CREAT | O_EXCL, k_script_mode);
  if (!file) return tl::unexpected(std::move(file).error());
  PULSE2_TRY(os::write_all(file->get(), bootmenu::render_script(script, number)));
  return os::sync_file(file->get(), name);
}

Expected<void> fill_scripts_folder(int image, const std::string& name,
                                   const bootmenu::Restoration& restoration) {
  auto made = os::make_folder_at(image, name, 0777);
  if (!made) return tl::unexpected(std::move(made).error());
  auto folder = os::open_folder_at(image, name);
  if (!folder) return tl::unexpected(std::move(folder).error());
  int number = 0;
  for (const auto& script : restoration.scripts)
    PULSE2_TRY(write_script(folder->get(), script, ++number));
  return os::sync_file(folder->get(), name);
}

/// Puts the new folder in the place of the old one, which goes.
Expected<void> replace_scripts_folder(int image, const std::string& fresh) {
  auto exchanged = os::exchange_at(image, fresh, image, k_scripts_folder);
  if (exchanged && *exchanged) return os::remove_tree_at(image, fresh);
  PULSE2_TRY(os::remove_tree_at(image, k_scripts_folder));
  return os::rename_at(image, fresh, image, k_scripts_folder);
}

}  // namespace

MenuFiles::MenuFiles(const config::ImagingApi& settings, const os::Clock& clock)
    : m_settings(settings), m_clock(clock) {}

Expected<void> MenuFiles::make_computer_folder(const std::string& uuid) const {
  auto computers = os::open_file(m_settings.computers_folder, O_RDONLY | O_DIRECTORY);
  if (!computers) return tl::unexpected(std::move(computers).error());
  auto made = os::make_folder_at(computers->get(), uuid, 0777);
  if (!made) return tl::unexpected(std::move(made).error());
  if (*made) return os::sync_file(computers->get(), m_settings.computers_folder);
  auto folder = os::open_folder_at(computers->get(), uuid);
  if (!folder) return tl::unexpected(std::move(folder).error());
  return {};
}

void MenuFiles::clear_leftovers() const {
  for (const std::string& path :
       {m_settings.bootmenus_folder, m_settings.postinst_folder + "/scripts"}) {
    const auto folder = os::open_file(path, O_RDONLY | O_DIRECTORY);
    if (folder) (void)os::remove_leftovers_at(folder->get());
  }
}

std::string MenuFiles::menu_path(const std::string& name) const {
  return m_settings.bootmenus_folder + "/" + name;
}

std::string MenuFiles::render(const bootmenu::Menu& menu, const PxeParameters& parameters) const {
  bootmenu::Surroundings surroundings;
  surroundings.places = places_of(m_settings);
  surroundings.keymap = parameters.keymap;
  surroundings.has_password = !parameters.password.empty();
  surroundings.date = date_text(m_clock.now());
  return bootmenu::render_menu(menu, surroundings);
}

Expected<void> MenuFiles::write_for(const Computer& computer, const bootmenu::Menu& menu,
                                    const PxeParameters& parameters) {
  PULSE2_TRY(make_computer_folder(computer.uuid));
  PULSE2_TRY(write_details(computer, menu));
  {
    const std::lock_guard lock(m_scripts);
    for (const auto& item : menu.items) {
      const auto* image = std::get_if<bootmenu::Restoration>(&item.what);
      if (image != nullptr) PULSE2_TRY(write_scripts(*image));
    }
  }
  return write_menu(menu_path(computer.mac.reduced()), render(menu, parameters));
}

Expected<void> MenuFiles::write_details(const Computer& computer,
                                        const bootmenu::Menu& menu) const {
  const std::string folder = m_settings.computers_folder + "/" + computer.uuid;
  const auto open_folder = os::open_file(folder, O_RDONLY | O_DIRECTORY);
  if (!open_folder) return tl::unexpected(open_folder.error());
  PULSE2_TRY(os::remove_leftovers_at(open_folder->get()));
  PULSE2_TRY(write_if_changed(folder + "/hostname", computer.shortname));
  const std::string& exclude = menu.target ? menu.target->exclude : std::string();
  if (exclude.empty()) return remove_file(folder + "/exclude");
  return write_if_changed(folder + "/exclude", exclude);
}

Expected<void> MenuFiles::write_scripts(const bootmenu::Restoration& image) const {
  auto masters = os::open_file(m_settings.masters_folder, O_RDONLY | O_DIRECTORY);
  if (!masters) return tl::unexpected(std::move(masters).error());
  auto folder = os::open_folder_at(masters->get(), image.image);
  if (!folder) {
    if (folder.error().kind != ErrorKind::not_found) {
      return tl::unexpected(std::move(folder).error());
    }
    if (!image.scripts.empty()) {
      log::warning("imaging.menu.no_image",
                   "image {} of a menu is not here: its scripts are not kept", image.image);
    }
    return {};
  }
  PULSE2_TRY(os::remove_leftovers_at(folder->get()));
  if (image.scripts.empty()) return os::remove_tree_at(folder->get(), k_scripts_folder);
  const std::string fresh = std::string(os::k_temporary_prefix) + os::unique_name();
  auto done = fill_scripts_folder(folder->get(), fresh, image);
  if (done) done = replace_scripts_folder(folder->get(), fresh);
  if (!done) {
    (void)os::remove_tree_at(folder->get(), fresh);
    return done;
  }
  return os::sync_file(folder->get(), image.image);
}

Expected<void> MenuFiles::write_default(const bootmenu::Menu& menu,
                                        const PxeParameters& parameters) const {
  return write_menu(menu_path("default"), render(menu, parameters));
}

Expected<void> MenuFiles::set_default_item(const base::Mac& mac, int item) const {
  const std::string path = menu_path(mac.reduced());
  auto file = os::read_file(path, k_longest_menu);
  if (!file) return tl::unexpected(std::move(file).error());
  return write_menu(path, bootmenu::with_default_item(*file, item));
}

}  // namespace pulse2::imaging
