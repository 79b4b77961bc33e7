#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace pulse2::base {

/// Kinds of expected failures. docs/errors.md says what each becomes on the wire.
enum class ErrorKind {
  invalid_argument,   ///< the caller sent something that can never work
  malformed,          ///< text or bytes that do not follow their format
  not_found,          ///< no such package, file, computer…
  already_exists,     ///< the name is taken
  permission_denied,  ///< the operating system or a rule of ours forbids it
  limit_exceeded,     ///< larger, deeper or more than a configured limit
  no_space,           ///< the disk is full (ENOSPC, EDQUOT) or below its reserve
  unavailable,        ///< a peer, a tree or a service is away for now
  conflict,           ///< the thing changed meanwhile
  timed_out,          ///< no answer in time
  cancelled,          ///< the server stops
  io,                 ///< any other failure of the operating system
  internal,           ///< a bug of ours
};

/// The kind's name as it stands in faultCode and in logs, e.g. "not_found".
std::string_view name_of(ErrorKind kind) noexcept;

/// An expected failure: what a client may read, and what only the operator should.
struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  ///< for the client: what, where, what was expected; no internals
  std::string detail;   ///< for the operator's log: paths, errno text; may be empty

  /// message, followed by the detail in parentheses when there is one.
  [[nodiscard]] std::string for_operator() const;
};

template <class T>
using Expected = tl::expected<T, Error>;

/// `return fail(ErrorKind::not_found, "…");` from any function that returns an Expected.
[[nodiscard]] inline tl::unexpected<Error> fail(ErrorKind kind, std::string message,
                                                std::string detail = {}) {
  return tl::unexpected<Error>(Error{kind, std::move(message), std::move(detail)});
}

/// Error for an errno value: "<what>: <strerror>", with the kind that fits the number.
[[nodiscard]] Error errno_error(int error_number, std::string_view what);

}  // namespace pulse2::base

/// Hands the error of an Expected<void> on to the caller.
#define PULSE2_TRY(expression)                                                          \
  do {                                                                                  \
    if (auto pulse2_try_result = (expression); !pulse2_try_result) {                    \
      return tl::unexpected<pulse2::base::Error>(std::move(pulse2_try_result).error()); \
    }                                                                                   \
  } while (false)
