#include "net/body_store.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/text.hpp"
#include "os/file.hpp"

namespace pulse2::net {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::uint64_t k_space_step = 64ULL << 20;  // bytes between two looks at the free space

constexpr std::uint64_t k_part_given_back = 4ULL << 20;  // bytes: about a millisecond's work

std::string folder_of(const Rules& rules) {
  if (!rules.spool_dir.empty()) {
    const auto status = os::status_of(rules.spool_dir);
    if (status && status->is_folder()) return rules.spool_dir;
  }
  const char* folder = ::getenv("TMPDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/tmp";
}

/// For file systems without O_TMPFILE: a named file that loses its name at once.
Expected<os::UniqueFd> open_and_unlink(const std::string& folder) {
  std::string name = folder + '/' + std::string(os::k_temporary_prefix) + "XXXXXX";
  os::UniqueFd file(::mkostemp(name.data(), O_CLOEXEC));
  if (!file) return tl::unexpected(base::errno_error(errno, folder));
  ::unlink(name.c_str());
  return file;
}

}  // namespace

BodyStore::BodyStore(const Rules& rules, std::size_t in_memory)
    : m_rules(rules), m_in_memory(in_memory) {}

Expected<void> BodyStore::expect(std::uint64_t length) {
  if (length > m_rules.max_body) {
    return base::fail(ErrorKind::limit_exceeded,
                      "The request body is larger than the " +
                          base::human_size(static_cast<double>(m_rules.max_body)) +
                          " allowed here.");
  }
  if (length > m_in_memory) {
    PULSE2_TRY(check_space(length));
    m_checked = length;
  } else {
    m_memory.reserve(static_cast<std::size_t>(length));
  }
  return {};
}

Expected<void> BodyStore::append(std::string_view bytes) {
  m_size += bytes.size();
  if (m_size > m_rules.max_body) return expect(m_size);
  if (!m_file && m_size <= m_in_memory) {
    m_memory += bytes;
    return {};
  }
  if (!m_file) {
    PULSE2_TRY(open_file());
    PULSE2_TRY(os::write_all(m_file.get(), m_memory));
    m_memory = {};
  }
  if (m_size > m_checked) {
    PULSE2_TRY(check_space(bytes.size()));
    m_checked = m_size + k_space_step;
  }
  return os::write_all(m_file.get(), bytes);
}

Expected<std::string_view> BodyStore::finish() {
  if (!m_file) return std::string_view(m_memory);
  auto map = os::MappedFile::map(m_file.get(), "request body");
  if (!map) return tl::unexpected(std::move(map).error());
  m_map.emplace(std::move(*map));
  return m_map->bytes();
}

bool BodyStore::give_back_part() {
  if (!m_file) return false;
  m_size -= std::min(m_size, k_part_given_back);
  return ::ftruncate(m_file.get(), static_cast<off_t>(m_size)) == 0 && m_size > 0;
}

Expected<void> BodyStore::check_space(std::uint64_t more) const {
  struct statvfs space {};
  const auto folder = folder_of(m_rules);
  if (::statvfs(folder.c_str(), &space) != 0) {
    return tl::unexpected(base::errno_error(errno, folder));
  }
  const auto available = std::uint64_t{space.f_bavail} * space.f_frsize;
  const auto total = std::uint64_t{space.f_blocks} * space.f_frsize;
  const auto reserve = std::min(m_rules.spool_reserve, total / 100 * m_rules.spool_reserve_percent);
  if (available >= reserve && available - reserve >= more) return {};
  const auto text = [](std::uint64_t bytes) {
    return base::human_size(static_cast<double>(bytes));
  };
  return base::fail(ErrorKind::no_space,
                    "No room for this upload: it needs " + text(more) + ", " + text(available) +
                        " are free and " + text(reserve) + " must stay free.",
                    folder);
}

Expected<void> BodyStore::open_file() {
  const auto folder = folder_of(m_rules);
  auto file = os::open_file(folder, O_TMPFILE | O_RDWR, 0600);
  if (!file) file = open_and_unlink(folder);
  if (!file) return tl::unexpected(std::move(file).error());
  m_file = std::move(*file);
  return {};
}

}  // namespace pulse2::net
