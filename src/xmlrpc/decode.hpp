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
  std::size_t depth = 64;               ///< arrays and structs within each other
  std::size_t values = 2'000'000;       ///< values in all, members and elements included
  std::size_t name_bytes = 4096;        ///< a method's or a member's name
  std::size_t borrow_from = 64 * 1024;  ///< strings of this many bytes are borrowed if they can be
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
/// Document types are refused. Strings of Limits::borrow_from bytes and more that stand in `body`
/// as they are (no references, CR, CDATA, comments or conversion) are borrowed from it.
/// Errors: `malformed` (no well-formed XML; fault -32700) or `invalid_argument` (well-formed so
/// far, but no XML-RPC call or beyond a limit; fault -32600).
[[nodiscard]] base::Expected<Call> decode_call(std::string_view body, const Limits& limits = {});

/// Decodes a `<methodResponse>`, for our clients; as decode_call() in all else.
[[nodiscard]] base::Expected<Response> decode_response(std::string_view body,
                                                       const Limits& limits = {});

}  // namespace pulse2::xmlrpc
