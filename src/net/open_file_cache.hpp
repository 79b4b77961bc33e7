#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "http/file_plan.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::net {

/// A file or folder that was opened beneath a root.
struct OpenFile {
  os::UniqueFd fd;
  os::FileStatus status;  ///< when it was opened
  http::FileFacts facts;  ///< of a regular file
};

/// Files that one thread opened within the last second, so that a file asked for again and again
/// is resolved once a second. A file changed in place is noticed at once.
class OpenFileCache {
 public:
  using Clock = std::chrono::steady_clock;
  using Entry = std::shared_ptr<const OpenFile>;

  [[nodiscard]] static OpenFileCache& of_this_thread();

  /// The file under `key`; null when it is not kept, was opened too long ago or changed since.
  [[nodiscard]] Entry find(const std::string& key, Clock::time_point now);
  void insert(const std::string& key, Entry file, Clock::time_point now);
  /// Lets go of the files opened more than a second before `now`.
  void expire(Clock::time_point now);
  void clear() { m_files.clear(); }

 private:
  struct Kept {
    Entry file;
    Clock::time_point opened;
  };
  std::unordered_map<std::string, Kept> m_files;
};

}  // namespace pulse2::net
