#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"

namespace pulse2::package {

/// One line of MD5SUMS.
struct Md5Line {
  std::string md5;   ///< 32 lower-case hexadecimal digits
  std::string path;  ///< relative to the package's folder
  bool operator==(const Md5Line&) const = default;
};

/// Reads what md5sum writes, text and binary marks, either line end and escaped names included;
/// a leading `./` is dropped. Error: `malformed`, with a message "line N: reason".
[[nodiscard]] base::Expected<std::vector<Md5Line>> parse_md5sums(std::string_view text);

/// The lines in byte order of their paths, in the form `md5sum -c` reads: names with a line break
/// or a backslash are escaped.
[[nodiscard]] std::string format_md5sums(std::vector<Md5Line> lines);

}  // namespace pulse2::package
