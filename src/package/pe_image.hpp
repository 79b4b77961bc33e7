#pragma once

#include <cstdint>
#include <optional>

#include "package/file_bytes.hpp"

namespace pulse2::package {

/// Bytes of a file.
struct FileRange {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

/// Where the resources of a Windows program stand in its file, the manifest and the version record
/// among them: the section that the header's resource entry leads to (PE/COFF specification).
/// Nothing for what is no such program or has no resources. Reads the headers only.
[[nodiscard]] std::optional<FileRange> find_pe_resources(const FileBytes& file);

}  // namespace pulse2::package
