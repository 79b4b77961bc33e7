#include "net/client_table.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "net/limits.hpp"
#include "net/occasional.hpp"

namespace pulse2::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Pacer::Time k_now{seconds(1000)};

base::IpAddress ip(std::string_view text) {
  return base::IpAddress::parse(text).value();
}

TEST(ClientTable, TellsClientsApart) {
  const auto key = [](std::string_view text) { return ClientTable::key_of(ip(text), 64); };
  EXPECT_NE(key("192.0.2.1"), key("192.0.2.2"));
  EXPECT_EQ(key("2001:db8::1"), key("2001:db8::ffff:1"));
  EXPECT_NE(key("2001:db8::1"), key("2001:db8:0:1::1"));
  EXPECT_NE(key("fe80::1"), key("fe80::2"));
  EXPECT_EQ(ip("2001:db8::"), ClientTable::key_of(ip("2001:db8:9:9::1"), 32));
}

TEST(ClientTable, CountsUpToTheLimit) {
  ClientTable table;
  Client* first = table.enter(ip("192.0.2.1"), 2);
  ASSERT_NE(nullptr, first);
  EXPECT_EQ(first, table.enter(ip("192.0.2.1"), 2));
  EXPECT_EQ(nullptr, table.enter(ip("192.0.2.1"), 2));
  Client* other = table.enter(ip("192.0.2.2"), 2);
  ASSERT_NE(nullptr, other);
  EXPECT_EQ(2U, table.size());
  table.leave(*first, 0, k_now);
  EXPECT_EQ(first, table.enter(ip("192.0.2.1"), 2));
  table.leave(*first, 0, k_now);
  table.leave(*first, 0, k_now);
  table.leave(*other, 0, k_now);
  EXPECT_EQ(0U, table.size());
}

TEST(ClientTable, RemembersWhoOwesBytes) {
  constexpr std::uint64_t k_rate = 1000;
  ClientTable table;
  Client* client = table.enter(ip("192.0.2.1"), 1);
  (void)client->downloads.buy(10 * k_rate, k_rate, k_now);
  table.leave(*client, k_rate, k_now);
  // A connection anew does not begin with a burst.
  client = table.enter(ip("192.0.2.1"), 1);
  const auto place = client->downloads.buy(1, k_rate, k_now);
  EXPECT_GT(client->downloads.due_in(place, k_rate, k_now), seconds(9));
  table.leave(*client, k_rate, k_now);
  table.tidy(k_rate, k_now + seconds(5));
  EXPECT_EQ(1U, table.size());
  table.tidy(k_rate, k_now + seconds(11));
  EXPECT_EQ(0U, table.size());
}

TEST(ClientTable, ForgetsAllWhenTheRateIsTakenAway) {
  ClientTable table;
  Client* client = table.enter(ip("192.0.2.1"), 1);
  (void)client->downloads.buy(100000, 1, k_now);
  table.leave(*client, 1, k_now);
  table.tidy(0, k_now);
  EXPECT_EQ(0U, table.size());
}

TEST(ClientTable, IsForAllThreads) {
  ClientTable table;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&table] {
      for (unsigned round = 0; round < 5000; ++round) {
        const auto key = base::IpAddress::v4({10, 0, 0, static_cast<std::uint8_t>(round % 7)});
        if (Client* client = table.enter(key, 3)) table.leave(*client, 0, k_now);
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(0U, table.size());
}

TEST(Limits, TellSlowBodies) {
  Limits limits;
  limits.read_idle = seconds(10);
  limits.min_body_rate = 1000;
  EXPECT_FALSE(limits.is_too_slow(0, seconds(10)));
  EXPECT_TRUE(limits.is_too_slow(0, milliseconds(10001)));
  EXPECT_FALSE(limits.is_too_slow(50000, seconds(60)));
  EXPECT_TRUE(limits.is_too_slow(50000, seconds(61)));
  limits.min_body_rate = 0;
  EXPECT_FALSE(limits.is_too_slow(1, std::chrono::hours(100)));
}

TEST(Occasional, ReportsTheFirstAndThenOnceAMinute) {
  Occasional event;
  EXPECT_EQ(1U, event.happened(k_now));
  for (int i = 0; i < 500; ++i)
    EXPECT_EQ(0U, event.happened(k_now + seconds(30)));
  EXPECT_EQ(501U, event.happened(k_now + seconds(60)));
  EXPECT_EQ(0U, event.happened(k_now + seconds(61)));
}

}  // namespace
}  // namespace pulse2::net
