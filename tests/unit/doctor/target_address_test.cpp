#include "doctor/target_address.hpp"

#include <gtest/gtest.h>

namespace pulse2::doctor {
namespace {

std::string address(const std::string& target, const std::vector<std::string>& options = {}) {
  const auto found = address_of(mirroring::Target(target), options);
  return found.host + " " + std::to_string(found.port);
}

TEST(TargetAddress, OfHostsBySsh) {
  EXPECT_EQ("mirror.example 22", address("mirror.example"));
  EXPECT_EQ("mirror.example 22", address("root@mirror.example"));
  EXPECT_EQ("mirror.example 22", address("root@mirror.example:/srv"));
  EXPECT_EQ("192.0.2.1 2222",
            address("192.0.2.1", {"BatchMode=yes", "port=2222", "ConnectTimeout=10"}));
  EXPECT_EQ("192.0.2.1 22", address("192.0.2.1", {"Port=many"}));
}

TEST(TargetAddress, OfRsyncDaemons) {
  EXPECT_EQ("mirror.example 873", address("rsync://mirror.example/packages"));
  EXPECT_EQ("mirror.example 8730", address("rsync://user:p@ss@mirror.example:8730/packages/a"));
  EXPECT_EQ("2001:db8::1 873", address("rsync://[2001:db8::1]/packages"));
  EXPECT_EQ("2001:db8::1 99", address("rsync://[2001:db8::1]:99/packages"));
  EXPECT_EQ("mirror.example 873", address("mirror.example::packages"));
  EXPECT_EQ("mirror.example 873", address("user@mirror.example::packages"));
}

}  // namespace
}  // namespace pulse2::doctor
