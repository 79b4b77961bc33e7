// Links: pulse2::bootmenu
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "bootmenu/menu.hpp"
#include "bootmenu/render.hpp"
#include "xmlrpc/decode.hpp"

/// Menus as they come over the wire: whatever is accepted has to render to a file whose commands
/// are those of its items.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace pulse2;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto call = xmlrpc::decode_call(body);
  if (!call || call->params.empty()) return 0;
  for (const auto audience : {bootmenu::Audience::computer, bootmenu::Audience::unregistered}) {
    const auto menu = bootmenu::decode_menu(call->params[0], audience);
    if (!menu) continue;
    const auto file = bootmenu::render_menu(*menu, {});
    if (!file.starts_with("# Auto-generated")) std::abort();
    if (bootmenu::with_default_item(bootmenu::with_default_item(file, 7), menu->default_item) !=
        file) {
      std::abort();
    }
  }
  return 0;
}
