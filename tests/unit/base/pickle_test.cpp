#include "base/pickle.hpp"

#include <gmock/gmock.h>

namespace pulse2::base {
namespace {

using testing::HasSubstr;
using List = Pickle::List;
using Dict = Pickle::Dict;

Pickle text(const char* bytes) {
  return {std::string(bytes)};
}
Pickle integer(std::int64_t value) {
  return {value};
}

std::string refusal(std::string_view bytes, std::size_t max = 1000) {
  const auto read = read_pickle(bytes, max);
  return read ? "" : read.error().message;
}

// All pickles were written by Python's pickle module.
TEST(PickleReader, AQueueOfCalls) {
  const auto read = read_pickle(
      "(dp0\nF1795394569.23008\n(lp1\nI0\naS'imaging.logClientAction'\np2\na(S'35f23420'\np3\n"
      "S'UUID17'\np4\nI6\nS'boot'\np5\nVpc-\xE9t\\u20ac\np6\nI00\nF1024000.0\n(I2026\nI11\ntp8\n"
      "tp7\nas.");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const List params = {text("35f23420"),
                       text("UUID17"),
                       integer(6),
                       text("boot"),
                       text("pc-\xC3\xA9t\xE2\x82\xAC"),
                       Pickle{false},
                       Pickle{1024000.0},
                       Pickle{List{integer(2026), integer(11)}}};
  const Pickle expected{
      Dict{{Pickle{1795394569.23008},
            Pickle{List{integer(0), text("imaging.logClientAction"), Pickle{params}}}}}};
  EXPECT_EQ(*read, expected);
}

TEST(PickleReader, ReferencesToTexts) {
  const auto read = read_pickle("(dp0\nVa\np1\n(lp2\nS'target'\np3\nasVb\np4\n(lp5\ng3\nas.");
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const Pickle expected{
      Dict{{text("a"), Pickle{List{text("target")}}}, {text("b"), Pickle{List{text("target")}}}}};
  EXPECT_EQ(*read, expected);
}

TEST(PickleReader, Protocol2) {
  using namespace std::string_view_literals;
  // pickle.dumps({1.5: [0, 'f', (True, None, -3, u'\xe9', 70000, 2**40, (), [])]}, 2) in Python 2.
  const auto read = read_pickle(
      "\x80\x02}q\x00G?\xf8\x00\x00\x00\x00\x00\x00]q\x01(K\x00U\x01"
      "fq\x02(\x88NJ\xfd\xff\xff\xff"
      "X\x02\x00\x00\x00\xc3\xa9q\x03Jp\x11\x01\x00\x8a\x06\x00\x00\x00\x00\x00\x01)]q\x04tq\x05"
      "es."sv);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  const List tuple = {Pickle{true},   Pickle{},           integer(-3),    text("\xC3\xA9"),
                      integer(70000), integer(1LL << 40), Pickle{List{}}, Pickle{List{}}};
  EXPECT_EQ(*read, (Pickle{Dict{{Pickle{1.5}, Pickle{List{integer(0), text("f"), {tuple}}}}}}));
}

TEST(PickleReader, EscapesInTexts) {
  EXPECT_EQ(read_pickle("S'a\\'\\\\\\n\\x00\\xe9'\n.").value(),
            (Pickle{std::string("a'\\\n\0\xE9", 6)}));
  EXPECT_EQ(read_pickle("S\"it's\"\n.").value(), text("it's"));
  EXPECT_EQ(read_pickle("V\\ud83d\\ude00\n.").value(), text("\xF0\x9F\x98\x80"));
}

TEST(PickleReader, ObjectsAreRefused) {
  EXPECT_THAT(refusal("cos\nsystem\n(S'true'\ntR."), HasSubstr("opcode 0x63"));
  EXPECT_THAT(refusal("\x80\x02"
                      "cposix\nsystem\n."),
              HasSubstr("opcode 0x63"));
  EXPECT_THAT(refusal("(i__main__\nX\n."), HasSubstr("opcode 0x69"));
}

TEST(PickleReader, BrokenOnesAreRefused) {
  for (const char* bytes : {"",           "(",           ".",
                            "(dp0\n",     "I1",          "Ix\n.",
                            "F1.0x\n.",   "S'x\n.",      "Sx\n.",
                            "Vx",         "V\\ud83d\n.", "V\\u12\n.",
                            "S'\\x1'\n.", "S'\\'\n.",    "g5\n.",
                            "I1\nI2\ns.", "I1\na.",      "(I1\nd.",
                            "t.",         "(t",          "X\xff\xff\xff\xff.",
                            "\x80\x05.",  "\x8a\x09",    "hello"}) {
    EXPECT_NE(refusal(bytes), "") << bytes;
  }
}

TEST(PickleReader, NothingGrowsBeyondItsBounds) {
  EXPECT_THAT(refusal(std::string(2000, '(') + "."), HasSubstr("too many"));
  // Each tuple holds the one before it twice: 2^30 values in all.
  std::string doubling = "(I1\ntp0\n";
  for (int i = 0; i < 30; ++i)
    doubling += "(g" + std::to_string(i) + "\ng" + std::to_string(i) + "\ntp" +
                std::to_string(i + 1) + "\n";
  EXPECT_THAT(refusal(doubling + "."), HasSubstr("too many"));
  std::string deep;
  for (int i = 0; i < 200; ++i)
    deep += "(";
  deep += "I1\n";
  for (int i = 0; i < 200; ++i)
    deep += "l";
  EXPECT_THAT(refusal(deep + "."), HasSubstr("nested too deep"));
  const std::string unmarked = std::string(400, ']') + std::string(399, 'a') + ".";
  EXPECT_THAT(refusal(unmarked), HasSubstr("nested too deep"));
  // A list that holds itself.
  EXPECT_THAT(refusal("(lp0\ng0\na."), HasSubstr("reference"));
}

}  // namespace
}  // namespace pulse2::base
