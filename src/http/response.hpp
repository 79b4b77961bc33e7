#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.hpp"
#include "http/field.hpp"

namespace pulse2::http {

/// A stretch of a file, with bytes of ours sent before it (a multipart header, or nothing).
struct Part {
  std::string preamble;
  std::uint64_t offset = 0;  ///< in bytes from the start of the file
  std::uint64_t length = 0;  ///< in bytes
};

/// Parts of an open file. Whoever opened the file sets fd and owner; the plan leaves fd at -1.
struct FileBody {
  int fd = -1;
  std::shared_ptr<const void> owner;  ///< keeps fd open as long as the response lives
  std::vector<Part> parts;            ///< sent one after the other
  std::string epilogue;               ///< sent after the last part
  /// What is sent, if it was read already: goes out with the head.
  std::shared_ptr<const std::string> content = nullptr;
};

/// Ready-made buffers that many responses share, sent one after the other.
struct SharedBody {
  std::vector<std::shared_ptr<const std::string>> buffers;
};

/// A text that is made while it is sent: only parts of it are in memory. For one answer.
class TextSource {
 public:
  TextSource() = default;
  TextSource(const TextSource&) = delete;
  TextSource& operator=(const TextSource&) = delete;
  virtual ~TextSource() = default;

  /// Bytes of the whole text.
  [[nodiscard]] virtual std::uint64_t size() const noexcept = 0;
  /// Appends what comes next, some 64 KiB; nothing at the end. Called by I/O threads: takes
  /// microseconds and waits for nothing.
  virtual void append_next(std::string& out) = 0;
};

struct StreamedBody {
  std::shared_ptr<TextSource> source;
};

using Body = std::variant<std::monostate, std::string, SharedBody, FileBody, StreamedBody>;

struct Response {
  int status = 200;
  Fields headers;  ///< without Date, Connection and Content-Length, which render_head writes
  /// Header lines that many responses share, as render_fields() makes them; null: none.
  std::shared_ptr<const std::string> shared_lines = nullptr;
  Body body;
  bool close = false;  ///< the connection ends after this response

  /// Bytes of the body, what Content-Length says. For HEAD the body is planned and not sent.
  [[nodiscard]] std::uint64_t body_size() const noexcept;
};

/// "Not Found" for 404; "Unknown" for a code without a name of ours.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

/// The status that fits a kind of failure, e.g. not_found -> 404, malformed -> 400.
[[nodiscard]] int status_of(base::ErrorKind kind) noexcept;

/// True when a response of this status has no body whatever the method (1xx, 204, 304).
[[nodiscard]] bool is_bodyless(int status) noexcept;

/// A small HTML page with the status and `text`, which is escaped here.
[[nodiscard]] Response error_page(int status, std::string_view text);
/// The page for an expected failure: its client-side message under the status of its kind.
[[nodiscard]] Response error_page(const base::Error& error);

/// 302 to `location`, a URL or an absolute path, already percent-encoded.
[[nodiscard]] Response redirect(std::string location);

/// 405 with an Allow header that lists `methods`.
[[nodiscard]] Response method_not_allowed(const std::vector<std::string_view>& methods);

/// Header lines with their ends, ready to be sent. CR, LF and NUL in a name or value become spaces:
/// none can start a line of its own.
[[nodiscard]] std::string render_fields(const Fields& fields);

/// Status line, headers and the empty line, ready to be sent before the body.
/// @param version 10 or 11: of the request, the status line repeats it
/// @param keep_alive what the request asked for; Response::close overrides it
/// @param date value of the Date header (format_date), which callers keep for a second
/// @param room bytes to reserve behind the head, for what the caller appends
[[nodiscard]] std::string render_head(const Response& response, int version, bool keep_alive,
                                      std::string_view date, std::size_t room = 0);

}  // namespace pulse2::http
