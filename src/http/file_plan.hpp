#pragma once

#include <cstdint>
#include <string>

#include "http/request.hpp"
#include "http/response.hpp"

namespace pulse2::http {

/// What fstat and the name say about an open regular file.
struct FileFacts {
  std::uint64_t size = 0;     ///< in bytes
  std::int64_t mtime_ns = 0;  ///< nanoseconds since 1970
  std::uint64_t inode = 0;
  std::string mime;  ///< see mime_type()
};

/// The complete answer to a GET or HEAD of a file: status, headers and which stretches of the file
/// to send. Holds a FileBody (fd still -1) with 200 and 206; other statuses need no file. For HEAD
/// the body is planned like GET's without ranges; the connection must not send it.
[[nodiscard]] Response plan_file(const FileFacts& file, const RequestHead& head);

}  // namespace pulse2::http
