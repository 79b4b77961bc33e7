// Links: pulse2::tftp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tftp/exports.hpp"
#include "tftp/packet.hpp"
#include "tftp/window.hpp"

namespace {

using namespace pulse2;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_request(const tftp::ReadRequest& request) {
  const tftp::Limits limits;
  const auto parameters = tftp::negotiate(request, limits, 1000);
  require(parameters.block_size >= 8 && parameters.block_size <= limits.block_size);
  require(parameters.window_size >= 1 && parameters.window_size <= limits.window_size);
  require(parameters.timeout >= 1 && parameters.timeout <= 255);
  const auto location = tftp::locate({{"a", "/srv/a"}}, request.file);
  require(!location || ('/' + location->path + '/').find("/../") == std::string::npos);
}

/// The bytes as acknowledgements of a transfer: whatever comes, blocks are sent in order.
void play(std::string_view bytes) {
  tftp::Window window(100 * 512, 512, 8);
  auto blocks = window.begin();
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) {
    const auto number = static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[i]) << 8U |
                                                   static_cast<unsigned char>(bytes[i + 1]));
    blocks = window.acknowledged(number);
    require(blocks.empty() || blocks.first == window.arrived() + 1);
    require(blocks.count <= 8 && blocks.first + blocks.count <= 102);
    if (window.done()) return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), length);
  const tftp::Request request = tftp::parse_request(bytes);
  if (const auto* read = std::get_if<tftp::ReadRequest>(&request)) check_request(*read);
  if (const auto* refusal = std::get_if<tftp::Refusal>(&request)) {
    require(tftp::encode_error(*refusal).size() <= 4 + 32);
  }
  (void)tftp::parse_reply(bytes);
  play(bytes);
  return 0;
}
