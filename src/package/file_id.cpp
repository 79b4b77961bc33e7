#include "package/file_id.hpp"

#include "base/hash.hpp"

namespace pulse2::package {

std::string file_id(std::string_view folder_path, std::string_view name,
                    std::string_view content_md5) {
  std::string text;
  text.reserve(folder_path.size() + 1 + name.size() + content_md5.size());
  text.append(folder_path).append("/").append(name).append(content_md5);
  return base::md5_hex(text);
}

}  // namespace pulse2::package
