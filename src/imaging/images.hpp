#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::imaging {

/// The images in the masters' folder. Computers write there while they are backed up: no link in it
/// is followed. Image names are UUIDs, checked by the caller. Callable from any thread; waits for
/// the disk.
class Images {
 public:
  explicit Images(std::string folder) : m_folder(std::move(folder)) {}

  struct Report {
    bool valid = false;      ///< all files of an image are there
    bool failed = false;     ///< its log tells of an error
    std::uint64_t size = 0;  ///< bytes, as the image says
  };
  /// A folder that is missing is not valid.
  [[nodiscard]] base::Expected<Report> inspect(const std::string& image) const;
  /// The lines of its log, at most 16 MiB. Error `not_found`.
  [[nodiscard]] base::Expected<std::vector<std::string>> log(const std::string& image) const;

  /// Makes the folder of a new image. False when the name is taken.
  [[nodiscard]] base::Expected<bool> create(const std::string& image) const;
  /// Removes the folder of an image that nothing was written to.
  void remove_empty(const std::string& image) const;
  /// Takes the image out of sight at once; its content goes with purge(). Error `not_found`.
  [[nodiscard]] base::Expected<void> remove(const std::string& image) const;
  /// Deletes what remove() took out of sight, also before a crash.
  [[nodiscard]] base::Expected<void> purge() const;

  struct Counts {
    int rescue = 0;  ///< backups of computers
    int master = 0;
    int total = 0;
  };
  [[nodiscard]] base::Expected<Counts> count() const;

  struct File {
    std::string name;
    std::uint64_t size = 0;
  };
  /// The plain files of an image in byte order of their names.
  [[nodiscard]] base::Expected<std::vector<File>> files(const std::string& image) const;
  /// The `key` line of its conf.txt; "" when there is none.
  [[nodiscard]] std::string conf_entry(const std::string& image, const std::string& key) const;

  /// `<folder>/<image>`.
  [[nodiscard]] std::string path_of(const std::string& image) const {
    return m_folder + "/" + image;
  }

 private:
  [[nodiscard]] base::Expected<os::UniqueFd> open() const;
  [[nodiscard]] base::Expected<os::UniqueFd> open(const std::string& image) const;

  std::string m_folder;
};

}  // namespace pulse2::imaging
