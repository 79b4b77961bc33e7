#include "package/file_id.hpp"

#include "base/hash.hpp"

namespace pulse2::package {

std::string file_id(std::string_view folder_path, std::string_view name,
                    std::string_view content_md5) {
  base::Md5 md5;
  md5.update(folder_path);
  md5.update("/");
  md5.update(name);
  md5.update(content_md5);
  return base::to_hex(md5.finish());
}

}  // namespace pulse2::package
