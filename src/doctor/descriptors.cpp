#include <sys/resource.h>

#include "doctor/probes.hpp"
#include "net/descriptor_budget.hpp"

namespace pulse2::doctor {

Findings probe_descriptors(const Subject& subject) {
  const auto connections = static_cast<std::size_t>(subject.settings().http.max_connections);
  const auto others = subject.settings().descriptors_beside_http();
  const auto needed = net::descriptors_for(connections, others);
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return {skip("the limit can't be read", "")};
  const std::string text = std::to_string(connections) +
                           " connections and what runs beside them may need " +
                           std::to_string(needed) + " open files, " +
                           std::to_string(limit.rlim_max) + " are allowed here";
  if (limit.rlim_max >= needed) return {good(text)};
  return {doubt(
      text + ": enough for " + std::to_string(net::connections_for(limit.rlim_max, others)) +
          " connections",
      "raise the hard limit (LimitNOFILE= of the unit, /etc/security/limits.conf), or "
      "lower [http] max_connections, [imaging_api] pxe_max_connections or [tftp] max_transfers")};
}

}  // namespace pulse2::doctor
