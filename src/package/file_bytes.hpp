#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace pulse2::package {

/// A file's content, read where it is needed. `read` answers fewer bytes at the end of the file.
struct FileBytes {
  std::uint64_t size = 0;
  std::function<std::string(std::uint64_t offset, std::size_t size)> read;
};

/// Little-endian numbers of a file format; 0 where `bytes` ends before them.
[[nodiscard]] inline std::uint32_t u16_at(std::string_view bytes, std::size_t offset) noexcept {
  if (offset > bytes.size() || bytes.size() - offset < 2) return 0;
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(bytes[offset + i])};
  };
  return byte(0) | byte(1) << 8U;
}

[[nodiscard]] inline std::uint32_t u32_at(std::string_view bytes, std::size_t offset) noexcept {
  if (offset > bytes.size() || bytes.size() - offset < 4) return 0;
  return u16_at(bytes, offset) | u16_at(bytes, offset + 2) << 16U;
}

}  // namespace pulse2::package
