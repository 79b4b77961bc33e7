#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

/// Which files clients may ask for.
namespace pulse2::tftp {

/// A folder and the name under which clients see it.
struct Export {
  std::string name;    ///< one or more components, without slashes at its ends
  std::string folder;  ///< absolute path
};

/// A file of an export.
struct Location {
  std::string folder;
  std::string path;  ///< below the folder
};

/// Finds what a requested name means: slashes at its beginning and repeated ones don't count, the
/// export with the longest name wins. Errors: `permission_denied` for a name with `..` and the like
/// (base/names.hpp), `not_found` for one that is in no export.
[[nodiscard]] base::Expected<Location> locate(const std::vector<Export>& exports,
                                              std::string_view requested);

}  // namespace pulse2::tftp
