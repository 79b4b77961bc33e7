#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
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
  /// All of a small file, read in this round; else null.
  std::shared_ptr<const std::string> content = nullptr;
};

/// Files that one thread opened within the last second, so that a file asked for again and again
/// is resolved once a second.
///
/// A file changed in place is noticed at once, though it is looked at and read only once in a
/// round: a round is what began to happen at the same time, the requests that one look at the
/// sockets showed. None of them began after the file was looked at. It spares a request
/// for a small file two of four system calls.
class OpenFileCache {
 public:
  using Clock = std::chrono::steady_clock;
  using Entry = std::shared_ptr<const OpenFile>;
  struct Key {
    std::uint64_t tree = 0;     ///< and the state of it
    std::string_view relative;  ///< path below its root
  };

  [[nodiscard]] static OpenFileCache& of_this_thread();

  /// What comes from now on may be newer than what was looked at.
  void begin_round() noexcept { ++m_round; }
  /// The file under `key`; null when it is not kept, was opened too long ago or changed since.
  [[nodiscard]] Entry find(const Key& key);
  /// Keeps a file that was opened in this round.
  Entry insert(const Key& key, std::shared_ptr<OpenFile> file);
  /// Lets go of the files opened more than a second before `now`.
  void expire(Clock::time_point now);
  void clear() { m_files.clear(); }

 private:
  struct Kept {
    std::shared_ptr<OpenFile> file;
    Clock::time_point opened;
    std::uint64_t round = 0;  ///< in which it was looked at
  };
  struct KeptKey {
    std::uint64_t tree = 0;
    std::string relative;
  };
  /// Takes keys that own their path and keys that don't.
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const auto& key) const noexcept {
      return std::hash<std::string_view>()(key.relative) ^ std::hash<std::uint64_t>()(key.tree);
    }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const noexcept {
      return a.tree == b.tree && a.relative == b.relative;
    }
  };

  std::unordered_map<KeptKey, Kept, Hash, Equal> m_files;
  std::uint64_t m_round = 0;
};

}  // namespace pulse2::net
