#include "os/memory_file.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <string>
#include <utility>

#include "os/file.hpp"

namespace pulse2::os {

base::Expected<MemoryFile> MemoryFile::create(const char* name) {
  UniqueFd fd(::memfd_create(name, MFD_CLOEXEC));
  if (!fd) return tl::unexpected(base::errno_error(errno, std::string("memory file ") + name));
  return MemoryFile(std::move(fd));
}

base::Expected<void> MemoryFile::append(std::string_view bytes) {
  PULSE2_TRY(write_all(m_fd.get(), bytes));
  m_size += bytes.size();
  return {};
}

}  // namespace pulse2::os
