#pragma once

#include <string>
#include <vector>

#include "base/error.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::os {

/// A listening or bound socket that a supervisor opened for this process (systemd's socket
/// activation, sd_listen_fds(3)).
struct InheritedSocket {
  UniqueFd socket;
  std::string name;       ///< FileDescriptorName= of the unit; `unknown` without one
  bool is_stream = true;  ///< TCP; else UDP
};

/// How many descriptors from number 3 on are passed to this process, by its environment.
[[nodiscard]] int count_inherited_sockets() noexcept;

/// Takes them over and removes the variables from the environment, so that programs that are run
/// don't believe they were meant. Error `invalid_argument` for a descriptor that is no listening
/// TCP socket and no UDP socket. Before any thread starts; once.
[[nodiscard]] base::Expected<std::vector<InheritedSocket>> take_inherited_sockets();

}  // namespace pulse2::os
