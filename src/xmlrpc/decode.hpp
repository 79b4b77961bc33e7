#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::xmlrpc {

/// What a message may cost before it is refused.
struct Limits {
  std::size_t depth = 64;                  ///< arrays and structs within each other
  std::size_t values = 2'000'000;          ///< values in all, members and elements included
  std::size_t name_bytes = 4096;           ///< a method's or a member's name
  std::size_t borrow_from = 64 * 1024;     ///< texts of this many bytes are borrowed if they can be
  std::size_t owned_bytes = 64U << 20U;    ///< texts and names in all that are not borrowed
  std::size_t convert_bytes = 64U << 20U;  ///< a body that has to be converted to UTF-8 first
};

struct Call {
  std::string method;  ///< not empty
  Array params;        ///< may borrow from the body, see Value
};

/// An XML-RPC `<fault>`.
struct Fault {
  std::int64_t code = 0;
  std::string text;
  bool operator==(const Fault&) const = default;
};

using Response = std::variant<Value, Fault>;

/// Decodes a `<methodCall>` in UTF-8 or in the encoding its XML declaration names. Accepts all the
/// types of XML-RPC and its nil and i8 extensions, bare text, CDATA and comments, any white space.
/// Document types are refused. Strings and base64 of Limits::borrow_from bytes and more that stand
/// in `body` as they are (no references, CDATA, comments or conversion) are borrowed from it, and
/// all such ones once Limits::owned_bytes are used up; in texts of megabytes line ends stay as they
/// are.
/// Errors: `malformed` (no well-formed XML; fault -32700) or `invalid_argument` (well-formed so
/// far, but no XML-RPC call or beyond a limit; fault -32600).
[[nodiscard]] base::Expected<Call> decode_call(std::string_view body, const Limits& limits = {});

/// Decodes a `<methodResponse>`, for our clients; as decode_call() in all else.
[[nodiscard]] base::Expected<Response> decode_response(std::string_view body,
                                                       const Limits& limits = {});

}  // namespace pulse2::xmlrpc
