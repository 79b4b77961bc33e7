#include "pxe_service/call_room.hpp"

namespace pulse2::pxe_service {

bool CallRoom::fits(const Limits& used, std::size_t bytes, const Limits& limits) {
  return used.calls < limits.calls && used.bytes + bytes <= limits.bytes;
}

CallRoom::Place CallRoom::enter(const std::string& client, std::size_t bytes) {
  if (!fits(m_all, bytes, m_limits)) return {};
  Limits& used = m_clients[client];
  if (!fits(used, bytes, {m_limits.calls / 2, m_limits.bytes / 2})) return {};
  for (Limits* each : {&m_all, &used}) {
    ++each->calls;
    each->bytes += bytes;
  }
  return {this, client, bytes};
}

void CallRoom::leave(const std::string& client, std::size_t bytes) {
  const auto found = m_clients.find(client);
  for (Limits* each : {&m_all, &found->second}) {
    --each->calls;
    each->bytes -= bytes;
  }
  if (found->second.calls == 0) m_clients.erase(found);
}

}  // namespace pulse2::pxe_service
