#include "os/unique_fd.hpp"

#include <unistd.h>

namespace pulse2::os {

void UniqueFd::reset(int fd) noexcept {
  // close(2) releases the descriptor even when it fails with EINTR: never try again.
  if (m_fd >= 0) ::close(m_fd);
  m_fd = fd;
}

}  // namespace pulse2::os
