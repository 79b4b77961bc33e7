#include "os/mapped_file.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "os/file.hpp"

namespace pulse2::os {

base::Expected<MappedFile> MappedFile::map(int fd, std::string_view what) {
  auto status = status_of(fd, what);
  if (!status) return tl::unexpected(std::move(status).error());
  if (status->size == 0) return MappedFile(nullptr, 0);
  const auto size = static_cast<std::size_t>(status->size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return tl::unexpected(base::errno_error(errno, what));
  return MappedFile(data, size);
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(m_data, other.m_data);
  std::swap(m_size, other.m_size);
  return *this;
}

MappedFile::~MappedFile() {
  if (m_data != nullptr) ::munmap(m_data, m_size);
}

}  // namespace pulse2::os
