#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "package/package.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::package {

/// A file of a package as clients see it.
struct FileEntry {
  std::string name;  ///< last component
  std::string path;  ///< `/` + its folder below the package root, e.g. `/test/sub`
  std::string id;    ///< see file_id()
  bool operator==(const FileEntry&) const = default;
};

/// A package as the APIs answer it (contract 03, "Records"). `size` is the sum of all files' bytes,
/// MD5SUMS included; `basepath` is the package's absolute folder.
[[nodiscard]] xmlrpc::Struct to_record(const Package& package, const std::vector<FileEntry>& files,
                                       std::uint64_t size, std::string_view basepath);

/// The same as an encoded `<value><struct>…</struct></value>`, to be joined into answers between
/// the prefixes and suffixes of xmlrpc/encode.hpp.
[[nodiscard]] std::string render_record(const Package& package, const std::vector<FileEntry>& files,
                                        std::uint64_t size, std::string_view basepath);

}  // namespace pulse2::package
