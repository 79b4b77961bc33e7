#include "base/day_windows.hpp"

#include <gtest/gtest.h>

namespace pulse2::base {
namespace {

constexpr int at(int hours, int minutes = 0) {
  return hours * 60 + minutes;
}

TEST(DayWindows, WithoutAnyTheWholeDayIsOpen) {
  const DayWindows windows;
  EXPECT_TRUE(windows.is_whole_day());
  EXPECT_TRUE(windows.contains(at(12)));
  EXPECT_EQ(0, windows.minutes_until_open(at(12)));
  EXPECT_EQ("", windows.text());
}

TEST(DayWindows, OneMayReachOverMidnight) {
  const auto windows = DayWindows::parse("20:00-06:00");
  ASSERT_TRUE(windows);
  EXPECT_TRUE(windows->contains(at(20)));
  EXPECT_TRUE(windows->contains(at(23, 59)));
  EXPECT_TRUE(windows->contains(at(0)));
  EXPECT_TRUE(windows->contains(at(5, 59)));
  EXPECT_FALSE(windows->contains(at(6)));
  EXPECT_FALSE(windows->contains(at(19, 59)));
  EXPECT_EQ(at(14), windows->minutes_until_open(at(6)));
  EXPECT_EQ(0, windows->minutes_until_open(at(1)));
}

TEST(DayWindows, SeveralAddUp) {
  const auto windows = DayWindows::parse("12:00-13:00, 22:00-24:00");
  ASSERT_TRUE(windows);
  EXPECT_TRUE(windows->contains(at(12, 30)));
  EXPECT_TRUE(windows->contains(at(23, 59)));
  EXPECT_FALSE(windows->contains(at(0)));
  EXPECT_FALSE(windows->contains(at(13)));
  EXPECT_EQ(at(9), windows->minutes_until_open(at(13)));
  EXPECT_EQ("12:00-13:00,22:00-24:00", windows->text());
}

TEST(DayWindows, MidnightIsBeginAndEnd) {
  const auto windows = DayWindows::parse("24:00-00:00");
  ASSERT_TRUE(windows);
  EXPECT_TRUE(windows->contains(at(0)));
  EXPECT_TRUE(windows->contains(at(23, 59)));
}

TEST(DayWindows, RefusesWhatIsNone) {
  for (const char* text : {"", "20", "20:00", "20:00-", "-06:00", "20-06", "25:00-06:00",
                           "20:60-06:00", "24:01-06:00", "20:00-20:00", "20:00-06:00,",
                           "20:00-06:00-07:00", "2000-0600", "+1:00-02:00", "-1:00-02:00"}) {
    EXPECT_FALSE(DayWindows::parse(text)) << text;
  }
}

}  // namespace
}  // namespace pulse2::base
