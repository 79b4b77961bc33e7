// Links: pulse2::pxe
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string_view>

#include "base/text.hpp"
#include "pxe/inventory.hpp"
#include "pxe/ocs_xml.hpp"
#include "pxe/packet.hpp"

namespace {

using namespace pulse2;

void require(bool condition) {
  if (!condition) std::abort();
}

void read_inventory(std::string_view text) {
  const pxe::Inventory inventory = pxe::parse_inventory(text, "192.0.2.1");
  require(inventory.processors <= pxe::k_most_processors);
  (void)pxe::to_struct(inventory);
  for (const char c : pxe::to_ocs_xml(inventory, {"pc", "entity"}, std::tm{}))
    require(c >= 0x20 && c < 0x7F);
}

}  // namespace

/// One datagram, and the same bytes as a TCP stream.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t length) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), length);
  if (const auto call = pxe::parse_packet(bytes)) {
    require(call->address.size() == 17 && base::Mac::parse(call->address) == call->mac);
    if (const auto* event = std::get_if<pxe::LogEvent>(&call->body)) {
      require(base::is_utf8(pxe::agent_log(*event).message));
    }
    if (const auto* sent = std::get_if<pxe::SendInventory>(&call->body)) read_inventory(sent->text);
  }
  std::string_view rest = bytes;
  pxe::StreamHead head = pxe::first_request(rest);
  while (head.state == pxe::StreamHead::State::complete) {
    require(head.size > 0 && head.size <= rest.size());
    (void)pxe::parse_packet(rest.substr(0, head.size));
    rest.remove_prefix(head.size);
    head = pxe::first_request(rest);
  }
  return 0;
}
