#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "log/complaint.hpp"
#include "log/output.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::log {

/// Appends to a file. With `watched`, the file is opened again when it was moved or removed.
class FileOutput : public Output {
 public:
  FileOutput(std::string path, bool truncate, bool watched);

  void write(std::string_view line, config::LogLevel level, std::time_t time) override;
  void reopen() override;

 protected:
  /// Called before each line of `bytes` bytes; may rotate.
  virtual void prepare(std::uint64_t bytes, std::time_t time);

  [[nodiscard]] const std::string& path() const { return m_path; }
  [[nodiscard]] std::uint64_t size() const { return m_size; }
  /// Whether the open file still stands at its path.
  [[nodiscard]] bool is_in_place() const;
  /// rename(2); a failure is complained of.
  bool rename_file(const std::string& from, const std::string& to);

 private:
  void open(int more_flags);
  void append(std::string_view bytes);

  std::string m_path;
  bool m_watched;
  bool m_torn = false;  ///< the last line ended in the middle
  std::uint64_t m_size = 0;
  os::UniqueFd m_file;
  Complaint m_complaint;
};

/// Rotates by size: `path.1` is the newest old file.
class SizeRotatedOutput final : public FileOutput {
 public:
  explicit SizeRotatedOutput(const config::SizeRotatedTarget& target);

 protected:
  void prepare(std::uint64_t bytes, std::time_t time) override;

 private:
  std::uint64_t m_max_bytes;
  int m_backup_count;
};

/// Rotates by time. A file that is already there began its period when it was last written to.
class TimeRotatedOutput final : public FileOutput {
 public:
  explicit TimeRotatedOutput(const config::TimeRotatedTarget& target);

 protected:
  void prepare(std::uint64_t bytes, std::time_t time) override;

 private:
  void rotate();
  void remove_surplus() const;

  config::RotationRule m_rule;
  int m_backup_count;
  std::time_t m_next = 0;  ///< 0: not known before the first line
};

}  // namespace pulse2::log
