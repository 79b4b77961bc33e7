#include "base/mac.hpp"

#include <gtest/gtest.h>

namespace pulse2::base {
namespace {

TEST(Mac, ReadsTheFourForms) {
  for (const char* text : {"00:11:22:aa:bb:cc", "00-11-22-AA-BB-CC", "0011.22aa.bbcc",
                           "001122aabbcc", "00:11:22:AA:bb:Cc"}) {
    const auto mac = Mac::parse(text);
    ASSERT_TRUE(mac) << text;
    EXPECT_EQ(mac->text(), "00:11:22:AA:BB:CC");
    EXPECT_EQ(mac->reduced(), "001122AABBCC");
  }
}

TEST(Mac, RefusesAllElse) {
  for (const char* text :
       {"", "BAD", "00:11:22:33:44", "00:11:22:33:44:5", "00:11:22:33:44:55:66",
        "00:11:22:33:44:5g", "00:11-22:33:44:55", "0011:2233:4455", "00112233445", "0011223344556",
        " 00:11:22:33:44:55", "00:11:22:33:44:55 ", "00:11:22:33:44:55\n", "../../../../../../"}) {
    EXPECT_FALSE(Mac::parse(text)) << text;
  }
}

}  // namespace
}  // namespace pulse2::base
