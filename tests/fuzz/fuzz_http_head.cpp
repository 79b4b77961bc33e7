// Links: pulse2::net
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/chunked.hpp"
#include "net/head_parser.hpp"

using pulse2::net::HeadParser;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Outcome {
  HeadParser::State state = HeadParser::State::need_more;
  std::size_t consumed = 0;
  int status = 0;
  std::string path;
};

Outcome parse(std::string_view text, std::size_t chunk) {
  HeadParser parser(4096);
  Outcome outcome;
  while (outcome.state == HeadParser::State::need_more && outcome.consumed < text.size()) {
    const auto part = text.substr(outcome.consumed, chunk);
    const auto progress = parser.feed(part);
    outcome.state = progress.state;
    outcome.consumed += progress.consumed;
    require(progress.consumed <= part.size());
    if (progress.state == HeadParser::State::need_more) require(progress.consumed == part.size());
  }
  outcome.status = parser.refusal_status();
  if (outcome.state != HeadParser::State::complete) return outcome;
  const auto head = parser.head();
  require(!head.chunked || !head.content_length);
  require(head.version == 10 || head.version == 11);
  require(head.path.find('\0') == std::string::npos);
  outcome.path = head.path;
  return outcome;
}

void decode_chunks(std::string_view text) {
  pulse2::net::ChunkedDecoder decoder;
  while (!text.empty() && !decoder.done()) {
    const auto step = decoder.feed(text);
    if (!step) return;
    text.remove_prefix(step->consumed);
  }
}

}  // namespace

/// A head means the same in one piece and in small ones, and the body's framing is never ambiguous.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto whole = parse(text, std::max<std::size_t>(size, 1));
  const auto pieces = parse(text, 3);
  if (whole.state == HeadParser::State::complete) {
    require(pieces.state == whole.state && pieces.consumed == whole.consumed);
    require(pieces.path == whole.path);
    decode_chunks(text.substr(whole.consumed));
  } else {
    require(pieces.state != HeadParser::State::complete);
  }
  return 0;
}
