#include "os/process_limits.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace pulse2::os {
namespace {

/// Runs the check in a process of its own: limits that were lowered stay so.
void expect_elsewhere(const std::function<bool()>& check) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(check() ? 0 : 1);
  int status = -1;
  ASSERT_EQ(child, ::waitpid(child, &status, 0));
  EXPECT_EQ(0, status);
}

TEST(ProcessLimits, RaisesTheSoftLimitOfOpenFiles) {
  expect_elsewhere([] {
    const rlimit limit{64, 256};
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && raise_descriptor_limit(200) == 200 &&
           descriptor_limit() == 200;
  });
}

TEST(ProcessLimits, NeverLowersIt) {
  expect_elsewhere([] {
    const rlimit limit{128, 256};
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && raise_descriptor_limit(100) == 128 &&
           descriptor_limit() == 128;
  });
}

TEST(ProcessLimits, StopsAtTheHardLimitWithoutPrivileges) {
  expect_elsewhere([] {
    const rlimit limit{64, 256};
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
    constexpr uid_t k_nobody = 65534;
    if (::geteuid() == 0 && ::setuid(k_nobody) != 0) return false;
    return raise_descriptor_limit(100000) == 256 && descriptor_limit() == 256;
  });
}

}  // namespace
}  // namespace pulse2::os
