#pragma once

#include <string>
#include <utility>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::app {

/// A pid file, locked as long as the object lives and removed at its end. A file without a lock is
/// stale: a kill or a power cut left it behind.
class PidFile {
 public:
  /// Errors: `already_exists` when a running server holds it, others of open(2).
  [[nodiscard]] static base::Expected<PidFile> write(const std::string& path);
  PidFile(PidFile&& other) noexcept = default;
  PidFile& operator=(PidFile&& other) = delete;
  ~PidFile();

 private:
  PidFile(std::string path, os::UniqueFd file) : m_path(std::move(path)), m_file(std::move(file)) {}

  std::string m_path;
  os::UniqueFd m_file;
};

}  // namespace pulse2::app
