#include "http/date.hpp"

#include <gtest/gtest.h>

namespace pulse2::http {
namespace {

TEST(Date, ReadsTheThreeFormsOfRfc9110) {
  EXPECT_EQ(parse_date("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parse_date("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
  EXPECT_EQ(parse_date("Sun Nov  6 08:49:37 1994"), 784111777);
}

TEST(Date, FormatsImfFixdate) {
  EXPECT_EQ(format_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(format_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(format_date(1795392280), "Mon, 23 Nov 2026 00:04:40 GMT");
  EXPECT_EQ(format_date(-1), "Wed, 31 Dec 1969 23:59:59 GMT");
  EXPECT_EQ(format_date(1709164800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

TEST(Date, ExtremesStayInFourDigits) {
  EXPECT_EQ(format_date(INT64_MAX), "Fri, 31 Dec 9999 23:59:59 GMT");
  EXPECT_EQ(format_date(INT64_MIN), "Sat, 01 Jan 0000 00:00:00 GMT");
}

TEST(Date, LeapYearsAndLeapSeconds) {
  EXPECT_EQ(parse_date("Thu, 29 Feb 2024 00:00:00 GMT"), 1709164800);
  EXPECT_EQ(parse_date("Tue, 29 Feb 2000 00:00:00 GMT"), 951782400);
  EXPECT_FALSE(parse_date("Wed, 29 Feb 2023 00:00:00 GMT"));
  EXPECT_FALSE(parse_date("Mon, 29 Feb 2100 00:00:00 GMT"));
  EXPECT_EQ(parse_date("Sat, 31 Dec 2016 23:59:60 GMT"), 1483228800);
}

TEST(Date, TwoDigitYears) {
  EXPECT_EQ(parse_date("Thursday, 01-Jan-70 00:00:00 GMT"), 0);
  EXPECT_EQ(parse_date("Monday, 23-Nov-26 00:04:40 GMT"), 1795392280);
}

TEST(Date, RefusesAllElse) {
  for (const char* text :
       {"", "garbage", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "784111777",
        "Sun Nov 6 08:49:37 1994", "Sun, 06 Nov 19x4 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

}  // namespace
}  // namespace pulse2::http
