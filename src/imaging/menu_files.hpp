#pragma once

#include <mutex>
#include <string>

#include "bootmenu/menu.hpp"
#include "config/settings.hpp"
#include "imaging/operations.hpp"
#include "os/clock.hpp"

namespace pulse2::imaging {

/// Writes boot menus and what belongs to them. Each file is replaced as a whole and durable when
/// the call returns. Callable from any thread; waits for the disk.
class MenuFiles {
 public:
  /// `clock` outlives this.
  MenuFiles(const config::ImagingApi& settings, const os::Clock& clock);

  /// The folder of a computer, made when it is missing.
  [[nodiscard]] base::Expected<void> make_computer_folder(const std::string& uuid) const;

  /// Removes what a crash left of menus and boot scripts. Before anything is written.
  void clear_leftovers() const;

  /// The computer's folder with host name and exclusions, the scripts of the menu's images, then
  /// the boot menu.
  [[nodiscard]] base::Expected<void> write_for(const Computer& computer, const bootmenu::Menu& menu,
                                               const PxeParameters& parameters);
  /// The boot menu of computers that are not registered.
  [[nodiscard]] base::Expected<void> write_default(const bootmenu::Menu& menu,
                                                   const PxeParameters& parameters) const;
  /// Another default item in the boot menu of a computer.
  [[nodiscard]] base::Expected<void> set_default_item(const base::Mac& mac, int item) const;

 private:
  [[nodiscard]] std::string render(const bootmenu::Menu& menu,
                                   const PxeParameters& parameters) const;
  [[nodiscard]] std::string menu_path(const std::string& name) const;
  [[nodiscard]] base::Expected<void> write_details(const Computer& computer,
                                                   const bootmenu::Menu& menu) const;
  [[nodiscard]] base::Expected<void> write_scripts(const bootmenu::Restoration& image) const;

  config::ImagingApi m_settings;
  const os::Clock& m_clock;
  std::mutex m_scripts;  ///< computers share images: one at a time writes scripts
};

}  // namespace pulse2::imaging
