#include "bootmenu/code_page_437.hpp"

#include <gtest/gtest.h>

namespace pulse2::bootmenu {
namespace {

// Expected bytes are those of Python's codec cp437.
TEST(CodePage437, CharactersThatItHas) {
  EXPECT_EQ(to_code_page_437("plain ASCII\n\t~"), "plain ASCII\n\t~");
  EXPECT_EQ(to_code_page_437("Restaura\xC3\xA7\xC3\xA3o"),
            "Restaura\x87"
            "ao");
  EXPECT_EQ(to_code_page_437("\xC3\xA0\xC3\xA9\xC3\xAE"), "\x85\x82\x8C");
  EXPECT_EQ(to_code_page_437("\xC3\x87\xC3\x9F\xC2\xA0\xE2\x96\x88\xCF\x80"),
            "\x80\xE1\xFF\xDB\xE3");
}

TEST(CodePage437, OthersLoseTheirAccent) {
  EXPECT_EQ(to_code_page_437("\xC3\xB5\xC3\x80\xC5\x82\xC5\xBE\xE1\xBB\x87\xC5\x93"), "oAlzeoe");
  // "e" with a combining accent.
  EXPECT_EQ(to_code_page_437("e\xCC\x81"), "e");
  EXPECT_EQ(to_code_page_437("l\xE2\x80\x99image"), "l'image");
}

TEST(CodePage437, TheRestIsAQuestionMark) {
  EXPECT_EQ(to_code_page_437("\xE2\x82\xAC"), "?");      // euro sign
  EXPECT_EQ(to_code_page_437("\xE6\x97\xA5"), "?");      // an ideogram
  EXPECT_EQ(to_code_page_437("\xF0\x9F\x98\x80"), "?");  // a smiley
  EXPECT_EQ(to_code_page_437(std::string("\0\x1B\x7F", 3)), "???");
  EXPECT_EQ(to_code_page_437("\xFF\xC3"), "??");
  EXPECT_EQ(to_code_page_437("\xC3x"), "?x");
}

}  // namespace
}  // namespace pulse2::bootmenu
