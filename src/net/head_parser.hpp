#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "http/request.hpp"

namespace pulse2::net {

/// Reads one request head that arrives in parts. Stricter than its library where leniency lets
/// requests be smuggled past a proxy: every line ends with CRLF, none is folded, a body has one
/// length. Empty lines before the request line are passed over (RFC 9112 §2.2).
class HeadParser {
 public:
  enum class State {
    need_more,
    complete,  ///< head() may be called
    refused,   ///< refusal_status() and refusal_reason() say why; the connection has to end
  };
  struct Progress {
    State state = State::need_more;
    std::size_t consumed = 0;  ///< bytes of the part that belong to the head
  };

  /// `limit`: bytes of a head with its line ends.
  explicit HeadParser(std::size_t limit) : m_limit(limit) {}

  /// Takes the next part. Not to be called again after `complete` or `refused`.
  Progress feed(std::string_view bytes);

  /// True when a part of a head was taken.
  [[nodiscard]] bool begun() const noexcept { return !m_pending.empty(); }
  /// As long as this object.
  [[nodiscard]] const http::RequestHead& head() const noexcept { return m_head; }
  /// A well-formed head whose target can't be served (path and query are then empty).
  [[nodiscard]] const std::optional<base::Error>& target_error() const { return m_target_error; }
  /// 400, 417, 431, 501 or 505.
  [[nodiscard]] int refusal_status() const noexcept { return m_status; }
  [[nodiscard]] std::string_view refusal_reason() const noexcept { return m_reason; }

 private:
  Progress refuse(int status, std::string_view reason);
  /// Looks for the empty line that ends the head; npos while it is missing. Sets the refusal when a
  /// line is not as it should be.
  std::size_t find_end(std::string_view text);
  bool parse(std::string_view text);
  void refuse_malformed(std::string_view text);
  /// The fields about a body.
  bool check_framing();

  std::size_t m_limit;
  std::string m_pending;      ///< what came so far of an incomplete head
  std::size_t m_scanned = 0;  ///< bytes of it whose lines were looked at
  http::RequestHead m_head;
  std::optional<base::Error> m_target_error;
  int m_status = 0;
  std::string_view m_reason;
};

}  // namespace pulse2::net
