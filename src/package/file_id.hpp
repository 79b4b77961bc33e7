#pragma once

#include <string>
#include <string_view>

namespace pulse2::package {

/// The id under which clients ask for a file: md5_hex(path + "/" + name + md5_hex(content)).
/// `folder_path` is `/` + the folder relative to the package root with forward slashes, e.g.
/// `/test/sub`; `content_md5` is 32 lower-case hexadecimal digits.
[[nodiscard]] std::string file_id(std::string_view folder_path, std::string_view name,
                                  std::string_view content_md5);

}  // namespace pulse2::package
