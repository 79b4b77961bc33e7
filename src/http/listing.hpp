#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/response.hpp"

namespace pulse2::http {

/// One line of a folder page.
struct ListingEntry {
  std::string name;  ///< bytes as in the file system
  bool folder = false;
  std::uint64_t size = 0;  ///< in bytes; not shown for folders
  std::int64_t mtime = 0;  ///< seconds since 1970, shown in UTC
};

/// The HTML page of a folder: entries in byte order of their names, links relative to the page.
/// @param path decoded path of the folder, shown as the title
/// @param parent_link whether a link to the folder above stands first (not at the tree's root)
[[nodiscard]] Response listing_page(std::string_view path, std::vector<ListingEntry> entries,
                                    bool parent_link);

}  // namespace pulse2::http
