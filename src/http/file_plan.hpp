#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "http/conditional.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

namespace pulse2::http {

/// What answers say about an open regular file, rendered once.
struct FileFacts {
  std::uint64_t size = 0;  ///< in bytes
  std::string mime;        ///< see mime_type()
  Validators validators;
  std::string last_modified;  ///< as a header has it
  /// The header lines of an answer with all of it: rendered for each request, with what copying
  /// paths and parsing absent dates cost, they took a tenth of a small file's processor time.
  std::shared_ptr<const std::string> lines_of_whole;
};

/// `mtime_ns`: nanoseconds since 1970.
[[nodiscard]] FileFacts describe_file(std::uint64_t size, std::int64_t mtime_ns,
                                      std::uint64_t inode, std::string mime);

/// The complete answer to a GET or HEAD of a file: status, headers and which stretches of the file
/// to send. Holds a FileBody (fd still -1) with 200 and 206; other statuses need no file. For HEAD
/// the body is planned like GET's without ranges; the connection must not send it.
[[nodiscard]] Response plan_file(const FileFacts& file, const RequestHead& head);

}  // namespace pulse2::http
