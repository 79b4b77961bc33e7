#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

#include "base/error.hpp"

namespace pulse2::os {

/// A file's content in memory, read-only, paged in on demand. The file must not shrink while it is
/// mapped (SIGBUS): for files of our own, such as spooled request bodies.
class MappedFile {
 public:
  /// Maps the whole file; the descriptor may be closed afterwards.
  [[nodiscard]] static base::Expected<MappedFile> map(int fd, std::string_view what);

  MappedFile(MappedFile&& other) noexcept
      : m_data(std::exchange(other.m_data, nullptr)), m_size(std::exchange(other.m_size, 0)) {}
  MappedFile& operator=(MappedFile&& other) noexcept;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  /// Valid as long as this object.
  [[nodiscard]] std::string_view bytes() const noexcept {
    return {static_cast<const char*>(m_data), m_size};
  }

 private:
  MappedFile(void* data, std::size_t size) noexcept : m_data(data), m_size(size) {}

  void* m_data = nullptr;  ///< null for an empty file
  std::size_t m_size = 0;
};

}  // namespace pulse2::os
