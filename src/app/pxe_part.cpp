#include "app/pxe_part.hpp"

#include <utility>

namespace pulse2::app {

bool is_for_pxe(const os::InheritedSocket& socket) {
  return socket.name == "pxe";
}

base::Expected<std::optional<pxe_service::Sockets>> open_pxe_sockets(
    const config::Settings& settings, std::vector<os::InheritedSocket>& passed) {
  if (!settings.imaging_api) return std::nullopt;
  pxe_service::Sockets sockets;
  for (os::InheritedSocket& each : passed) {
    if (!is_for_pxe(each)) continue;
    auto& kind = each.is_stream ? sockets.listeners : sockets.datagrams;
    kind.push_back(std::move(each.socket));
  }
  std::erase_if(passed, is_for_pxe);
  PULSE2_TRY(pxe_service::complete(sockets, settings.main.host,
                                   static_cast<std::uint16_t>(settings.imaging_api->pxe_port)));
  return sockets;
}

}  // namespace pulse2::app
