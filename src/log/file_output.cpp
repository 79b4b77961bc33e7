#include "log/file_output.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "log/log.hpp"
#include "log/rotation.hpp"
#include "os/file.hpp"

namespace pulse2::log {
namespace {

FileOpener& current_opener() {
  static FileOpener current;
  return current;
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.c_str()), &closedir);
  if (!open) return names;
  while (const dirent* entry = readdir(open.get()))
    names.emplace_back(static_cast<const char*>(entry->d_name));
  return names;
}

}  // namespace

void open_files_with(FileOpener opener) {
  current_opener() = std::move(opener);
}

FileOutput::FileOutput(std::string path, bool truncate) : m_path(std::move(path)) {
  open(truncate ? O_TRUNC : 0);
}

void FileOutput::open(int more_flags) {
  // Non-blocking: a named pipe without a reader must not stop the server.
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | more_flags;
  const FileOpener& opener = current_opener();
  auto file = opener ? opener(m_path, flags) : os::open_file(m_path, flags);
  if (!file) return m_opening.raise(m_path + ": " + file.error().for_operator());
  m_opening.settle();
  m_torn = false;
  m_file = *std::move(file);
  look();
}

void FileOutput::reopen() {
  open(0);
}

void FileOutput::look() {
  m_in_place = false;
  if (!m_file) return;
  const auto held = os::status_of(m_file.get(), m_path);
  if (!held) return;
  m_size = held->size;
  const auto named = os::status_of(m_path);
  // Who may not look there any more, after a change of the user, goes on with what is open.
  m_in_place = named ? held->inode == named->inode && held->device == named->device
                     : named.error().kind != base::ErrorKind::not_found;
}

bool FileOutput::rename_file(const std::string& from, const std::string& to) {
  if (std::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno != ENOENT) {
    m_opening.raise(base::errno_error(errno, from + " -> " + to).for_operator());
  }
  return false;
}

void FileOutput::prepare(std::uint64_t /*bytes*/, std::time_t /*time*/, bool /*is_new*/) {}

void FileOutput::write(std::string_view line, config::LogLevel /*level*/, std::time_t time) {
  look();
  const bool was_moved = !m_in_place;
  if (was_moved) open(0);
  prepare(line.size() + 1, time, was_moved && m_in_place);
  if (!m_file) return;
  std::string bytes;
  bytes.reserve(line.size() + 2);
  if (m_torn) bytes += '\n';
  bytes += line;
  bytes += '\n';
  append(bytes);
}

void FileOutput::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(m_file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return m_writing.raise(base::errno_error(errno, m_path).for_operator());
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
    m_torn = !bytes.empty();
  }
  m_writing.settle();
}

SizeRotatedOutput::SizeRotatedOutput(const config::SizeRotatedTarget& target)
    // As Python: a file that grows up to a limit never begins empty.
    : FileOutput(target.path, target.truncate && target.max_bytes == 0),
      m_max_bytes(static_cast<std::uint64_t>(target.max_bytes)),
      m_backup_count(target.backup_count) {}

void SizeRotatedOutput::prepare(std::uint64_t bytes, std::time_t /*time*/, bool /*is_new*/) {
  if (m_max_bytes == 0 || m_backup_count == 0 || size() == 0) return;
  if (size() + bytes < m_max_bytes) return;
  for (int number = m_backup_count - 1; number > 0; --number) {
    rename_file(path() + "." + std::to_string(number), path() + "." + std::to_string(number + 1));
  }
  rename_file(path(), path() + ".1");
  reopen();
}

TimeRotatedOutput::TimeRotatedOutput(const config::TimeRotatedTarget& target)
    : FileOutput(target.path, false), m_rule(target.rule), m_backup_count(target.backup_count) {
  find_period();
}

void TimeRotatedOutput::find_period() {
  m_next = 0;
  const auto status = os::status_of(path());
  constexpr std::int64_t k_nanoseconds = 1'000'000'000;
  if (status && status->size > 0) {
    m_next = next_rotation(m_rule, static_cast<std::time_t>(status->mtime_ns / k_nanoseconds));
  }
}

void TimeRotatedOutput::prepare(std::uint64_t /*bytes*/, std::time_t time, bool is_new) {
  if (is_new) find_period();
  if (m_next != 0 && time < m_next) return;
  if (m_next != 0) rotate();
  m_next = next_rotation(m_rule, time);
}

void TimeRotatedOutput::rotate() {
  // Else it is somebody else's, and could not be opened.
  if (is_in_place() && rename_file(path(), rotated_name(m_rule, path(), m_next))) remove_surplus();
  reopen();
}

void TimeRotatedOutput::remove_surplus() const {
  const std::size_t slash = path().rfind('/');
  const std::string folder = path().substr(0, slash + 1);
  const auto names = names_in(folder);
  for (const std::string& name : surplus_names(m_rule, path().substr(slash + 1), names,
                                               static_cast<std::size_t>(m_backup_count))) {
    // What cannot be removed is tried again at the next rotation.
    static_cast<void>(unlink((folder + name).c_str()));
  }
}

}  // namespace pulse2::log
