#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/settings.hpp"
#include "imaging/disc.hpp"
#include "imaging/images.hpp"

namespace pulse2::imaging {

/// A disc that was asked for.
struct DiscOrder {
  std::string image;  ///< UUID
  std::string title;  ///< a file name
  std::uint64_t volume_size = 0;
};

/// What a disc is made of, in a folder of its own beside the finished ones.
struct DiscMaterial {
  std::string folder;
  std::string description;  ///< of the image
  std::vector<Volume> volumes;
  bool has_partition_tables = false;  ///< PTABS
};

/// The files around the making of a disc. Callable from any thread; waits for the disk.
class DiscWorkshop {
 public:
  explicit DiscWorkshop(const config::ImagingApi& settings)
      : m_settings(settings), m_images(settings.masters_folder) {}

  /// Whether the order can be carried out. Errors: `invalid_argument`, `not_found` for an image
  /// that is none, `no_space` with the figures.
  [[nodiscard]] base::Expected<void> check(const DiscOrder& order) const;
  /// Makes the folder with the boot files and plans the volumes.
  [[nodiscard]] base::Expected<DiscMaterial> prepare(const DiscOrder& order) const;
  /// The generator's arguments for one volume, counted from 0, without the program.
  [[nodiscard]] std::vector<std::string> arguments(const DiscOrder& order,
                                                   const DiscMaterial& material,
                                                   std::size_t volume) const;
  /// Gives the finished volumes their names, which no other disc has; those of the files.
  [[nodiscard]] base::Expected<std::vector<std::string>> publish(
      const DiscOrder& order, const DiscMaterial& material) const;
  /// Removes a folder that prepare() made.
  void clear(const std::string& folder) const;
  /// Removes the folders that a crash left behind.
  void clear_leftovers() const;

 private:
  [[nodiscard]] base::Expected<void> fill(const DiscOrder& order, DiscMaterial& material) const;
  [[nodiscard]] base::Expected<bool> publish_as(const DiscOrder& order,
                                                const DiscMaterial& material, int attempt,
                                                std::vector<std::string>& names) const;

  const config::ImagingApi& m_settings;
  Images m_images;
};

}  // namespace pulse2::imaging
