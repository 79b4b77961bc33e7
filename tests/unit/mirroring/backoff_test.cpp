#include "mirroring/backoff.hpp"

#include <gtest/gtest.h>

#include <set>

namespace pulse2::mirroring {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, GrowsToItsLimit) {
  Backoff backoff(5s, 300s, 1);
  std::chrono::milliseconds doubled = 5s;
  for (unsigned failures = 1; failures <= 6; ++failures, doubled *= 2) {
    for (int i = 0; i < 100; ++i) {
      const auto interval = backoff.after(failures);
      EXPECT_GE(interval, doubled * 4 / 5) << failures;
      EXPECT_LE(interval, doubled * 6 / 5) << failures;
    }
  }
  for (const unsigned failures : {7U, 8U, 100U, 4'000'000'000U}) {
    const auto interval = backoff.after(failures);
    EXPECT_GE(interval, 240s);
    EXPECT_LE(interval, 300s);
  }
}

TEST(Backoff, IsSpread) {
  Backoff backoff(5s, 300s, 1);
  std::set<std::chrono::milliseconds> intervals;
  for (int i = 0; i < 100; ++i)
    intervals.insert(backoff.after(3));
  EXPECT_GT(intervals.size(), 50U);
}

TEST(Backoff, EqualSeedsGiveEqualIntervals) {
  Backoff one(5s, 300s, 7);
  Backoff other(5s, 300s, 7);
  for (unsigned failures = 1; failures < 10; ++failures)
    EXPECT_EQ(one.after(failures), other.after(failures));
}

TEST(Backoff, AFirstIntervalBeyondTheLimitIsTheLimit) {
  Backoff backoff(600s, 300s, 1);
  EXPECT_GE(backoff.after(1), 480s);
  EXPECT_LE(backoff.after(9), 600s);
}

}  // namespace
}  // namespace pulse2::mirroring
