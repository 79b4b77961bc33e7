#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mirroring/target.hpp"

/// The argument lists of the synchronisation program (contract 05, recorded in golden/). Sources
/// are folders of this machine, `src` absolute and without a slash at its end.
namespace pulse2::mirroring {

/// The options of the configuration that every run is made from.
struct CommandOptions {
  std::string program = "/usr/bin/rsync";
  std::vector<std::string> package = {"-ar", "--delete"};
  std::vector<std::string> level0 = {"-d", "--delete"};
  std::vector<std::string> tree = {"-ar", "--delete"};
  std::vector<std::string> ssh;  ///< `Name=value` each
  std::string partial_dir;       ///< where unfinished files stay, "" where rsync would remove them

  bool operator==(const CommandOptions&) const = default;
};

/// What one run does beyond the recorded lists.
struct Extras {
  std::uint64_t bandwidth = 0;  ///< bytes a second; 0: no limit
  bool checksum = false;        ///< compare contents, not sizes and times
  bool make_path = false;       ///< create missing parents at the target
  /// What stays as it is at the target: folders below what is copied, with forward slashes.
  std::vector<std::string> left_alone;
};

using Arguments = std::vector<std::string>;

/// Copies the package in `folder` (relative to `src`).
[[nodiscard]] Arguments copy_package(const CommandOptions& options, const Target& target,
                                     const std::string& src, const std::string& folder,
                                     const Extras& extras = {});
/// Compares all contents of the package and says what a copy would change; changes nothing.
[[nodiscard]] Arguments verify_package(const CommandOptions& options, const Target& target,
                                       const std::string& src, const std::string& folder,
                                       const Extras& extras = {});
/// Makes the target forget what is not in `parent` (absolute) any more, one level deep.
[[nodiscard]] Arguments copy_level0(const CommandOptions& options, const Target& target,
                                    const std::string& parent, const Extras& extras = {});
/// Copies the whole tree.
[[nodiscard]] Arguments copy_tree(const CommandOptions& options, const Target& target,
                                  const std::string& src, const Extras& extras = {});

/// The folder that holds `folder` of `src`, absolute.
[[nodiscard]] std::string parent_of(const std::string& src, const std::string& folder);

}  // namespace pulse2::mirroring
