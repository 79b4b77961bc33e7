#include "net/pacer.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace pulse2::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t k_rate = 1'000'000;  // bytes a second
constexpr std::uint64_t k_portion = 50'000;

/// Buyers that send as soon as they may and buy again, on a clock of their own.
class Line {
 public:
  explicit Line(std::size_t buyers) : m_sent(buyers), m_places(buyers) {}

  /// Lets the time pass in steps; everybody who is due sends and buys again.
  void run(milliseconds time, std::uint64_t rate, milliseconds step = milliseconds(1)) {
    for (milliseconds passed{0}; passed < time; passed += step) {
      for (std::size_t i = 0; i < m_sent.size(); ++i)
        serve(i, rate);
      now += step;
    }
  }

  std::uint64_t total() const {
    std::uint64_t sum = 0;
    for (const auto sent : m_sent)
      sum += sent;
    return sum;
  }
  const std::vector<std::uint64_t>& sent() const { return m_sent; }

  Pacer pacer;
  Pacer::Time now{seconds(1000)};

 private:
  void serve(std::size_t buyer, std::uint64_t rate) {
    if (m_places[buyer] == 0) m_places[buyer] = pacer.buy(k_portion, rate, now);
    while (pacer.due_in(m_places[buyer], rate, now) == Pacer::Duration::zero()) {
      m_sent[buyer] += k_portion;
      m_places[buyer] = pacer.buy(k_portion, rate, now);
    }
  }

  std::vector<std::uint64_t> m_sent;
  std::vector<std::uint64_t> m_places;
};

TEST(Pacer, HoldsTheRate) {
  Line line(1);
  line.run(seconds(10), k_rate);
  // The burst at the beginning, and less than a portion that is not due yet.
  EXPECT_LE(line.total(), 10 * k_rate + k_rate / 5);
  EXPECT_GE(line.total(), 10 * k_rate - k_portion);
}

TEST(Pacer, HoldsTheRateForManyAndTreatsThemAlike) {
  Line line(100);
  line.run(seconds(60), k_rate);
  EXPECT_LE(line.total(), 60 * k_rate + k_rate / 5);
  EXPECT_GE(line.total(), 60 * k_rate - k_portion);
  // The burst may be one's alone.
  for (const auto sent : line.sent())
    EXPECT_NEAR(static_cast<double>(sent), 600'000, k_rate / 5 + k_portion);
}

TEST(Pacer, IsRightThoughBuyersWakeUpLate) {
  Line line(3);
  line.run(seconds(20), k_rate, milliseconds(120));
  EXPECT_GE(line.total(), 19 * k_rate);
  EXPECT_LE(line.total(), 20 * k_rate + k_rate / 5);
}

TEST(Pacer, ForgivesNoMoreThanTheBurstAfterARest) {
  Line line(1);
  line.run(seconds(1), k_rate);
  line.now += std::chrono::hours(5);
  const auto before = line.total();
  line.run(seconds(1), k_rate);
  EXPECT_LE(line.total() - before, k_rate + k_rate / 5 + k_portion);
}

TEST(Pacer, ANewRateCountsForThoseWhoWait) {
  Line line(50);
  line.run(seconds(1), 1000);
  const auto before = line.total();
  line.run(seconds(4), k_rate);
  EXPECT_GE(line.total() - before, 4 * k_rate - k_portion);
  EXPECT_LE(line.total() - before, 4 * k_rate + k_rate / 5);
  const auto then = line.total();
  line.run(seconds(10), k_rate / 10);
  EXPECT_NEAR(static_cast<double>(line.total() - then), k_rate, k_rate / 5.0);
}

TEST(Pacer, MovesUpWhenBytesAreHandedBack) {
  Pacer pacer;
  const Pacer::Time now{seconds(1000)};
  (void)pacer.buy(10 * k_rate, k_rate, now);
  const auto place = pacer.buy(k_portion, k_rate, now);
  EXPECT_GT(pacer.due_in(place, k_rate, now), seconds(9));
  pacer.give_back(10 * k_rate);
  EXPECT_EQ(pacer.due_in(place, k_rate, now), Pacer::Duration::zero());
}

TEST(Pacer, SaysHowLong) {
  Pacer pacer;
  const Pacer::Time now{seconds(1000)};
  const auto place = pacer.buy(k_rate, k_rate, now);
  EXPECT_EQ(pacer.due_in(place, k_rate, now), milliseconds(800));
  EXPECT_EQ(pacer.due_in(place, k_rate, now + milliseconds(300)), milliseconds(500));
  EXPECT_EQ(pacer.due_in(place, k_rate, now + milliseconds(801)), milliseconds(0));
}

TEST(Pacer, KnowsWhenItIsRested) {
  Pacer pacer;
  const Pacer::Time now{seconds(1000)};
  EXPECT_TRUE(pacer.is_rested(k_rate, now));
  (void)pacer.buy(k_rate, k_rate, now);
  EXPECT_FALSE(pacer.is_rested(k_rate, now + milliseconds(900)));
  EXPECT_TRUE(pacer.is_rested(k_rate, now + milliseconds(1001)));
}

TEST(Pacer, BuysPortionsThatFitTheRate) {
  EXPECT_EQ(4096U, Pacer::portion(1));
  EXPECT_EQ(50'000U, Pacer::portion(k_rate));
  EXPECT_EQ(262'144U, Pacer::portion(UINT64_MAX));
}

}  // namespace
}  // namespace pulse2::net
