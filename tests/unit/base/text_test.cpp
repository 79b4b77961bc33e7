#include "base/text.hpp"

#include <gtest/gtest.h>

namespace pulse2::base {
namespace {

TEST(Text, SplitKeepsEmptyPartsAndSplitWordsDoesNot) {
  EXPECT_EQ(split("a,,b", ',').size(), 3U);
  EXPECT_EQ(split("", ',').size(), 1U);
  EXPECT_EQ(split_words("  a \t b\n").size(), 2U);
  EXPECT_TRUE(split_words("  ").empty());
}

TEST(Text, ParseIntegerTakesTheWholeTextOrNothing) {
  EXPECT_EQ(parse_integer<int>("-12"), -12);
  EXPECT_EQ(parse_integer<std::uint16_t>("65535"), 65535);
  EXPECT_FALSE(parse_integer<std::uint16_t>("65536"));
  EXPECT_FALSE(parse_integer<int>("12x"));
  EXPECT_FALSE(parse_integer<int>(""));
}

TEST(Text, Utf8FollowsRfc3629) {
  EXPECT_TRUE(is_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const std::string_view bad :
       {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Text, PrintableLeavesNothingThatBreaksALogLine) {
  EXPECT_EQ(printable("a\nb\x1b[0m\xff"), "a\\nb\\x1b[0m\\xff");
  EXPECT_EQ(printable(std::string(300, 'x'), 10), std::string(10, 'x') + "…");
}

TEST(Text, HumanSizesAreThoseOfTheImagingContract) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(1023), "1023 B");
  EXPECT_EQ(human_size(1536), "1.5 KiB");
  EXPECT_EQ(human_size(3.0 * 1024 * 1024), "3.0 MiB");
}

TEST(Text, NearestFindsATypingErrorAndNothingFar) {
  EXPECT_EQ(nearest("prot", {"host", "port"}), "port");
  EXPECT_FALSE(nearest("completely", {"host", "port"}));
}

}  // namespace
}  // namespace pulse2::base
