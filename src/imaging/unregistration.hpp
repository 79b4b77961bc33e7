#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/mac.hpp"
#include "config/settings.hpp"
#include "imaging/images.hpp"
#include "store/state.hpp"

namespace pulse2::imaging {

/// What is to become of the data of a computer that is no longer registered. Kept on disk until all
/// is done, so that a crash leaves nothing behind.
struct Unregistration {
  std::string uuid;
  base::Mac mac;
  std::vector<std::string> images;  ///< UUIDs of those that go with it
  std::string archive;              ///< folder in archives_folder; empty: all is deleted
  bool moved_aside = false;         ///< everything is called `*.archiving` already
};

/// Moves the data of unregistered computers to the archives or deletes it. Callable from any
/// thread; waits for the disk.
class Unregistrations {
 public:
  Unregistrations(const config::ImagingApi& settings, store::State& state)
      : m_settings(settings), m_state(state), m_images(settings.masters_folder) {}

  /// Takes the computer's data aside under other names, so that it can be registered anew at once.
  /// Images that are not valid stay. Errors: `not_found` when it has no folder, `conflict` when its
  /// data is still on its way from an earlier time.
  [[nodiscard]] base::Expected<Unregistration> begin(const std::string& uuid, const base::Mac& mac,
                                                     const std::vector<std::string>& images,
                                                     bool archive);
  /// The long part: moves or deletes what begin() took aside. Goes on where a crash ended it.
  [[nodiscard]] base::Expected<void> finish(const Unregistration& work);

  /// Whether the computer has a folder: false once its data was taken aside.
  [[nodiscard]] bool has_folder(const std::string& uuid) const;

  /// Those that a crash interrupted, taken aside and to be finished. Before anything is registered.
  [[nodiscard]] std::vector<Unregistration> recover();

 private:
  [[nodiscard]] base::Expected<void> keep(const Unregistration& work);
  [[nodiscard]] base::Expected<std::string> free_archive(const std::string& uuid) const;
  [[nodiscard]] base::Expected<void> make_archive(const std::string& name) const;
  [[nodiscard]] base::Expected<void> move_aside(Unregistration& work);
  void put_back(const Unregistration& work);
  void warn_of_strays() const;

  const config::ImagingApi& m_settings;
  store::State& m_state;
  Images m_images;
};

}  // namespace pulse2::imaging
