#include "imaging/replay_queue.hpp"

#include <gmock/gmock.h>

#include "imaging/former_queue.hpp"

namespace pulse2::imaging {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using xmlrpc::Array;

constexpr std::chrono::milliseconds k_week = ReplayQueue::k_lifetime;

WaitingCall call(std::int64_t id, const std::string& lane) {
  return {id, std::chrono::milliseconds(id), lane, "imaging.imageUpdate"};
}

std::int64_t next_id(const ReplayQueue& queue, const std::set<std::string>& passed_over = {}) {
  const auto* next = queue.next(passed_over);
  return next == nullptr ? 0 : next->id;
}

TEST(ReplayQueue, TheOldestComesFirstHoweverTheyCame) {
  ReplayQueue queue;
  EXPECT_EQ(next_id(queue), 0);
  for (const std::int64_t id : {3, 1, 2})
    queue.add(call(id, "a"));
  for (const std::int64_t id : {1, 2, 3}) {
    EXPECT_EQ(next_id(queue), id);
    queue.remove(id);
  }
  EXPECT_EQ(queue.size(), 0);
}

TEST(ReplayQueue, AComputerThatIsPassedOverHoldsUpItsOwnCalls) {
  ReplayQueue queue;
  queue.add(call(1, "a"));
  queue.add(call(2, "a"));
  queue.add(call(3, "b"));
  EXPECT_EQ(next_id(queue, {"a"}), 3);
  EXPECT_EQ(next_id(queue, {"a", "b"}), 0);
}

TEST(ReplayQueue, HoldsALaneUntilItsLastCallIsGone) {
  ReplayQueue queue;
  queue.add(call(1, "a"));
  queue.add(call(2, "a"));
  queue.add(call(2, "a"));
  EXPECT_TRUE(queue.holds("a"));
  EXPECT_FALSE(queue.holds("b"));
  queue.remove(1);
  queue.remove(1);
  EXPECT_TRUE(queue.holds("a"));
  queue.remove(2);
  EXPECT_FALSE(queue.holds("a"));
}

TEST(ReplayQueue, AWeekIsStillInTime) {
  ReplayQueue queue;
  queue.add(call(1, "a"));
  queue.add(call(5, "a"));
  EXPECT_THAT(queue.expired(k_week + std::chrono::milliseconds(1)), IsEmpty());
  EXPECT_THAT(queue.expired(k_week + std::chrono::milliseconds(2)), SizeIs(1));
  EXPECT_THAT(queue.expired(k_week + std::chrono::milliseconds(6)), SizeIs(2));
}

TEST(FormerQueue, CallsComeInTheOrderOfTheirTimes) {
  // {2.5: [0, 'imaging.b', ('s', 'UUID2', None, True)], 1.25: [1, 'imaging.a', ('s', 'UUID1')]}
  const auto calls = read_former_queue(
      "(dp0\nF2.5\n(lp1\nI0\naS'imaging.b'\np2\na(S's'\np3\nS'UUID2'\np4\nNI01\ntp5\nas"
      "F1.25\n(lp6\nI1\naS'imaging.a'\np7\na(S's'\nS'UUID1'\ntp8\nas.");
  ASSERT_TRUE(calls) << calls.error().for_operator();
  ASSERT_THAT(*calls, SizeIs(2));
  EXPECT_EQ((*calls)[0].call.method, "imaging.a");
  EXPECT_EQ((*calls)[0].call.first_made, std::chrono::milliseconds(1250));
  EXPECT_EQ((*calls)[0].call.lane, "UUID1");
  EXPECT_EQ((*calls)[1].call.id, 2);
  EXPECT_EQ((*calls)[1].params, (Array{"s", "UUID2", xmlrpc::Nil{}, true}));
}

TEST(FormerQueue, WhatIsNoCallIsLeftOut) {
  // A method that is not the agent's, a time that is none, a call without parameters.
  const auto calls = read_former_queue(
      "(dF1.0\n(lI0\naS'os.system'\na(tasF2.0\n(lI0\naS'imaging.a'\naasS'x'\n(lI0\naS'imaging.a'\n"
      "a(tas.");
  EXPECT_TRUE(!calls || calls->empty());
  EXPECT_FALSE(read_former_queue("(lp0\n."));
  EXPECT_FALSE(read_former_queue("cos\nsystem\n(S'true'\ntR."));
}

}  // namespace
}  // namespace pulse2::imaging
