#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "log/file_output.hpp"

namespace pulse2::log {

/// A file to which a thread of its own appends lines, many by one call: for lines that come with
/// every request. Who writes never waits for the disk; a disk that is too slow costs lines.
class BackgroundFile {
 public:
  /// Opens the file; what can't be opened is tried again with the next lines. The thread begins
  /// with the first line.
  explicit BackgroundFile(std::string path);
  BackgroundFile(const BackgroundFile&) = delete;
  BackgroundFile& operator=(const BackgroundFile&) = delete;
  /// Writes what is left.
  ~BackgroundFile();

  /// Takes a line without line feed.
  /// @return how many were lost since the last line that was taken, usually 0
  std::uint64_t write(std::string_view line);
  /// Opens the file again, after it was moved; without waiting for that.
  void reopen();

 private:
  void run();
  /// Waits for lines, then a moment for more of them; false at the end.
  bool wait(std::unique_lock<std::mutex>& lock);

  FileOutput m_file;  ///< the thread's, once it runs
  std::mutex m_mutex;
  std::condition_variable m_wake;
  std::string m_lines;  ///< with line feeds between them
  std::uint64_t m_lost = 0;
  bool m_reopen = false;
  bool m_stop = false;
  std::thread m_thread;
};

}  // namespace pulse2::log
