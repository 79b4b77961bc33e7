#pragma once

#include <cstdint>
#include <string_view>

#include "os/file.hpp"

namespace pulse2::catalog {

/// What the files of a folder looked like at one moment, in few bytes: two looks with the same
/// fingerprint saw the same files. Devices do not count, they differ after each mount.
struct Fingerprint {
  std::uint64_t content = 0;  ///< names, inodes, sizes and times of the last modification
  std::uint64_t change = 0;   ///< the same with rights and the times of the last status change

  /// Takes a file in; in which order does not matter.
  void add(std::string_view name, const os::FileStatus& status) noexcept;
  /// Takes the files of another fingerprint in, whose names are others.
  void add(const Fingerprint& other) noexcept;

  /// What remains when files that were taken in are left out.
  [[nodiscard]] Fingerprint without(const Fingerprint& part) const noexcept {
    return {content - part.content, change - part.change};
  }

  /// False as long as no file was taken in: nothing is known of the folder.
  [[nodiscard]] bool is_known() const noexcept { return content != 0 || change != 0; }
  /// Whether at most rights, owners or numbers of links differ.
  [[nodiscard]] bool has_same_content(const Fingerprint& other) const noexcept {
    return is_known() && content == other.content;
  }
  bool operator==(const Fingerprint&) const = default;
};

}  // namespace pulse2::catalog
