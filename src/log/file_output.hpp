#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log/complaint.hpp"
#include "log/output.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::log {

/// Appends to a file. When it was moved or removed (logrotate, another handler of the same file),
/// the next line goes to a new one.
class FileOutput : public Output {
 public:
  FileOutput(std::string path, bool truncate);

  void write(std::string_view line, config::LogLevel level, std::time_t time) override;
  void reopen() override;

 protected:
  /// Called before each line of `bytes` bytes; may rotate. `is_new`: the file was just opened,
  /// because it had been moved.
  virtual void prepare(std::uint64_t bytes, std::time_t time, bool is_new);

  [[nodiscard]] const std::string& path() const { return m_path; }
  /// Of the open file, before the line that is to be written.
  [[nodiscard]] std::uint64_t size() const { return m_size; }
  /// Whether the open file stands at its path, as far as can be seen.
  [[nodiscard]] bool is_in_place() const { return m_in_place; }
  /// rename(2); a failure is complained of.
  bool rename_file(const std::string& from, const std::string& to);

 private:
  void open(int more_flags);
  /// Learns where the open file stands, and its size.
  void look();
  void append(std::string_view bytes);

  std::string m_path;
  bool m_torn = false;  ///< the last line ended in the middle
  bool m_in_place = false;
  std::uint64_t m_size = 0;
  os::UniqueFd m_file;
  Complaint m_opening;  ///< what keeps the file at the path from being opened
  Complaint m_writing;
};

/// Rotates by size: `path.1` is the newest old file.
class SizeRotatedOutput final : public FileOutput {
 public:
  explicit SizeRotatedOutput(const config::SizeRotatedTarget& target);

 protected:
  void prepare(std::uint64_t bytes, std::time_t time, bool is_new) override;

 private:
  std::uint64_t m_max_bytes;
  int m_backup_count;
};

/// Rotates by time. A file that is already there began its period when it was last written to.
class TimeRotatedOutput final : public FileOutput {
 public:
  explicit TimeRotatedOutput(const config::TimeRotatedTarget& target);

 protected:
  void prepare(std::uint64_t bytes, std::time_t time, bool is_new) override;

 private:
  void find_period();
  void rotate();
  void remove_surplus() const;

  config::RotationRule m_rule;
  int m_backup_count;
  std::time_t m_next = 0;  ///< 0: not known before the first line
};

}  // namespace pulse2::log
