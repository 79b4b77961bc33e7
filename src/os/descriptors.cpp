#include "os/descriptors.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <limits>

namespace pulse2::os {

void fill_standard_streams() noexcept {
  // open(2) takes the lowest number that is free.
  int null = open("/dev/null", O_RDWR);
  while (null >= 0 && null <= STDERR_FILENO)
    null = open("/dev/null", O_RDWR);
  if (null >= 0) close(null);
}

void close_from(int first) noexcept {
  closefrom(first);
}

void keep_from_children(int first) noexcept {
  // Only kernels before 5.11 can't; what we open ourselves is close-on-exec from the begin.
  static_cast<void>(close_range(static_cast<unsigned>(first), std::numeric_limits<unsigned>::max(),
                                CLOSE_RANGE_CLOEXEC));
}

}  // namespace pulse2::os
