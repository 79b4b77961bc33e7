// Links: pulse2::xmlrpc

/// Whatever a client sends, the decoder neither crashes nor accepts what our encoder and decoder
/// together would change.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "xmlrpc/decode.hpp"
#include "xmlrpc/encode.hpp"

using namespace pulse2::xmlrpc;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

/// Encoding is not one to one (nil, big ints), so it is the second generation that must be stable.
void check_call(std::string_view body, const Limits& limits) {
  const auto call = decode_call(body, limits);
  if (!call) return;
  (void)describe(call->params, 100);
  const std::string first = encode_call(call->method, call->params);
  const auto again = decode_call(first, limits);
  require(again.has_value());
  require(again->method == call->method && again->params.size() == call->params.size());
  require(encode_call(again->method, again->params) == first);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  check_call(body, Limits{});
  Limits borrowing;
  borrowing.borrow_from = 1;
  check_call(body, borrowing);
  if (const auto response = decode_response(body)) {
    if (const auto* value = std::get_if<Value>(&*response)) (void)value->to_owned();
  }
  return 0;
}
