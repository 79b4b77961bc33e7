#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"
#include "tftp/exports.hpp"
#include "tftp/packet.hpp"

namespace pulse2::tftp {

/// What a transfer sends: an open file, or bytes that were prepared.
struct Content {
  std::uint64_t size = 0;
  std::shared_ptr<const os::UniqueFd> file;
  os::FileStatus status;                        ///< of the file when it was opened
  std::shared_ptr<const std::string> prepared;  ///< in place of the file
};

/// A text file larger than this is not sent in mode netascii, which needs all of it in memory.
inline constexpr std::uint64_t k_largest_text = 16 * 1024 * 1024;

/// Opens a regular file below its folder, which links can't leave. Waits for the disk.
/// Errors: `not_found`, `permission_denied` (also for what is no regular file), `limit_exceeded`
/// for a large file in mode netascii, others of open(2).
[[nodiscard]] base::Expected<Content> open_content(const Location& location, Mode mode);

}  // namespace pulse2::tftp
