#include "app/connection_room.hpp"

#include "log/log.hpp"
#include "net/descriptor_budget.hpp"
#include "os/process_limits.hpp"

namespace pulse2::app {

std::size_t make_room_for(std::size_t wanted, std::uint64_t others) {
  const auto needed = net::descriptors_for(wanted, others);
  const auto limit = os::raise_descriptor_limit(needed);
  const auto possible = net::connections_for(limit, others);
  if (possible >= wanted) return wanted;
  log::warning("start.few_descriptors",
               "[http] max_connections = {} and what runs beside it need {} open files, the system "
               "allows {}: at most {} connections are taken",
               wanted, needed, limit, possible);
  return possible;
}

}  // namespace pulse2::app
