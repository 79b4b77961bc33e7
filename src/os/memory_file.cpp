#include "os/memory_file.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "os/file.hpp"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25  // Linux 6.1; not in the headers of glibc 2.36
#endif

namespace pulse2::os {

namespace {

constexpr std::uint64_t k_huge_page = 2U << 20U;
/// Bytes that are worth a huge page of their own.
constexpr std::uint64_t k_least_in_huge_page = 256U << 10U;

/// The bytes, from the first one on, that belong into huge pages: a multiple of their size.
std::uint64_t huge_part(std::uint64_t size) noexcept {
  return (size + k_huge_page - k_least_in_huge_page) / k_huge_page * k_huge_page;
}

}  // namespace

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

std::uint64_t MemoryFile::size_in_huge_pages(std::uint64_t size) noexcept {
  return std::max(size, huge_part(size));
}

void MemoryFile::use_huge_pages() const noexcept {
  const auto size = static_cast<std::size_t>(huge_part(m_size));
  if (size == 0) return;
  // Only what is mapped at a multiple of a huge page can become one: room for that is reserved.
  const std::size_t reserved_size = size + k_huge_page;
  void* const reserved =
      ::mmap(nullptr, reserved_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (reserved == MAP_FAILED) return;
  void* aligned = reserved;
  std::size_t space = reserved_size;
  std::align(k_huge_page, size, aligned, space);
  if (::mmap(aligned, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, m_fd.get(), 0) !=
      MAP_FAILED) {
    // A system that can't (before Linux 6.1) sends small pages.
    (void)::madvise(aligned, size, MADV_COLLAPSE);
  }
  ::munmap(reserved, reserved_size);
}

}  // namespace pulse2::os
