#include "log/rotation.hpp"

#include <gmock/gmock.h>

#include "zone.hpp"

namespace pulse2::log {
namespace {

using config::RotationRule;
using config::RotationUnit;
using testing::ElementsAre;
using testing::IsEmpty;

/// Central European Time with the change rules in the value: no zone database is needed.
constexpr const char* k_berlin = "CET-1CEST,M3.5.0,M10.5.0/3";

std::time_t local(const char* text) {
  std::tm parts{};
  EXPECT_NE(strptime(text, "%Y-%m-%d %H:%M:%S", &parts), nullptr) << text;
  parts.tm_isdst = -1;
  return mktime(&parts);
}

RotationRule rule(RotationUnit unit, int interval = 1, int weekday = 0) {
  RotationRule made;
  made.unit = unit;
  made.interval = interval;
  made.weekday = weekday;
  return made;
}

TEST(NextRotation, IsMidnightEvenAcrossChangesOfTheClock) {
  const test::Zone zone(k_berlin);
  const RotationRule midnight = rule(RotationUnit::midnight);
  EXPECT_EQ(next_rotation(midnight, local("2024-02-28 23:59:59")), local("2024-02-29 00:00:00"));
  EXPECT_EQ(next_rotation(midnight, local("2024-02-29 00:00:00")), local("2024-03-01 00:00:00"));
  // 23 hours and 25 hours long.
  EXPECT_EQ(next_rotation(midnight, local("2024-03-31 00:00:00")), local("2024-04-01 00:00:00"));
  EXPECT_EQ(next_rotation(midnight, local("2024-10-27 00:00:00")), local("2024-10-28 00:00:00"));
}

TEST(RotatedName, NamesTheDayThatEnded) {
  const test::Zone zone(k_berlin);
  const RotationRule midnight = rule(RotationUnit::midnight);
  EXPECT_EQ(rotated_name(midnight, "/l/main.log", local("2024-03-01 00:00:00")),
            "/l/main.log.2024-02-29");
  EXPECT_EQ(rotated_name(midnight, "m", local("2024-04-01 00:00:00")), "m.2024-03-31");
  EXPECT_EQ(rotated_name(midnight, "m", local("2024-10-28 00:00:00")), "m.2024-10-27");
}

TEST(NextRotation, CountsOtherUnitsFromTheTimeGiven) {
  const test::Zone zone("UTC");
  EXPECT_EQ(next_rotation(rule(RotationUnit::second, 5), 1000), 1005);
  EXPECT_EQ(next_rotation(rule(RotationUnit::minute, 2), 1000), 1120);
  EXPECT_EQ(next_rotation(rule(RotationUnit::hour, 3), 1000), 11800);
  EXPECT_EQ(next_rotation(rule(RotationUnit::day), 1000), 87400);
  EXPECT_EQ(rotated_name(rule(RotationUnit::hour), "m", 7200), "m.1970-01-01_01");
  EXPECT_EQ(rotated_name(rule(RotationUnit::minute), "m", 7260), "m.1970-01-01_02-00");
  EXPECT_EQ(rotated_name(rule(RotationUnit::second, 5), "m", 7205), "m.1970-01-01_02-00-00");
}

TEST(NextRotation, EndsAWeekAfterItsDay) {
  const test::Zone zone("UTC");
  // 2024-03-06 is a Wednesday, in Python day 2.
  const auto from = local("2024-03-06 12:00:00");
  EXPECT_EQ(next_rotation(rule(RotationUnit::week, 1, 2), from), local("2024-03-07 00:00:00"));
  EXPECT_EQ(next_rotation(rule(RotationUnit::week, 1, 6), from), local("2024-03-11 00:00:00"));
  EXPECT_EQ(next_rotation(rule(RotationUnit::week, 1, 0), from), local("2024-03-12 00:00:00"));
  EXPECT_EQ(rotated_name(rule(RotationUnit::week), "m", local("2024-03-11 00:00:00")),
            "m.2024-03-04");
}

TEST(NextRotation, FollowsUtcWhenAsked) {
  const test::Zone zone(k_berlin);
  RotationRule utc = rule(RotationUnit::midnight);
  utc.utc = true;
  EXPECT_EQ(next_rotation(utc, 1000), 86400);
  EXPECT_EQ(rotated_name(utc, "m", 86400), "m.1970-01-01");
}

TEST(SurplusNames, AreTheOldestRotatedFiles) {
  const std::vector<std::string> names{"m.2024-01-03",    "m.2024-01-01",  "m",
                                       "m.2024-01-02.gz", "m.2024-01-02x", "m.old",
                                       "m.2024-1-2",      "n.2024-01-01"};
  const RotationRule midnight = rule(RotationUnit::midnight);
  EXPECT_THAT(surplus_names(midnight, "m", names, 1),
              ElementsAre("m.2024-01-01", "m.2024-01-02.gz"));
  EXPECT_THAT(surplus_names(midnight, "m", names, 3), IsEmpty());
  EXPECT_THAT(surplus_names(midnight, "m", names, 0), IsEmpty());
}

}  // namespace
}  // namespace pulse2::log
