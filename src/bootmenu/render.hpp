#pragma once

#include <string>
#include <string_view>

#include "bootmenu/menu.hpp"

namespace pulse2::bootmenu {

/// Folders and files as a booting client sees them: below the root of TFTP, or of the share.
struct Places {
  std::string base;  ///< absolute: what clients mount
  std::string bootloader;
  std::string bootsplash_file;
  std::string diskless;
  std::string kernel;  ///< in diskless, here and below
  std::string initrd;
  std::string memtest;
  std::string dban;
  std::string masters;
  std::string postinst;
  std::string computers;
};

/// What a menu's file depends on beside the menu.
struct Surroundings {
  Places places;
  std::string keymap = "C";   ///< letters, digits and '_'
  bool has_password = false;  ///< entries ask for one
  std::string date;           ///< for the first line
};

/// The boot menu's file, byte for byte: GRUB-legacy syntax with LRS's additions in code page 437
/// (contract 06). A line break in a name or description becomes a blank: neither adds a command.
[[nodiscard]] std::string render_menu(const Menu& menu, const Surroundings& surroundings);

/// The same file with another entry as its default.
[[nodiscard]] std::string with_default_item(std::string_view file, int item);

/// The `number`th post-installation script of an image, counted from 1, in UTF-8.
[[nodiscard]] std::string render_script(const PostInstallScript& script, int number);

}  // namespace pulse2::bootmenu
