#include "base/hash.hpp"

#include <gtest/gtest.h>

namespace pulse2::base {
namespace {

TEST(Hash, Md5IsThatOfRfc1321) {
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Hash, Md5OfPartsIsThatOfTheWholeAndStartsAfresh) {
  Md5 hash;
  hash.update("message ");
  hash.update("digest");
  EXPECT_EQ(hash.finish(), md5("message digest"));
  EXPECT_EQ(hash.finish(), md5(""));
}

TEST(Hash, Sha1IsThatOfFips180) {
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
}

TEST(Hash, ConstantTimeEqualComparesContentAndLength) {
  EXPECT_TRUE(constant_time_equal("secret", "secret"));
  EXPECT_FALSE(constant_time_equal("secret", "secreT"));
  EXPECT_FALSE(constant_time_equal("secret", "secret "));
}

}  // namespace
}  // namespace pulse2::base
