#include "os/poller.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <vector>

namespace pulse2::os {
namespace {

/// Remembers what it was told, and does something at that.
class Recorder : public Poller::Listener {
 public:
  void on_ready(Poller::Readiness readiness) override {
    told.push_back(readiness);
    if (then) then();
  }
  std::vector<Poller::Readiness> told;
  std::function<void()> then;
};

/// Two connected sockets, the first of which is ours.
struct Wire {
  Wire() {
    std::array<int, 2> ends{};
    EXPECT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()));
    ours.reset(ends[0]);
    theirs.reset(ends[1]);
  }
  void send() const { EXPECT_EQ(1, ::write(theirs.get(), "x", 1)); }
  UniqueFd ours;
  UniqueFd theirs;
};

class PollerTest : public testing::Test {
 protected:
  void add(const Wire& wire, Recorder& recorder) {
    ASSERT_TRUE(poller.add(wire.ours.get(), recorder));
  }
  Poller poller = std::move(*Poller::create());
};

TEST_F(PollerTest, TellsWhatIsReadyAlready) {
  const Wire wire;
  wire.send();
  Recorder recorder;
  add(wire, recorder);
  poller.dispatch();
  ASSERT_EQ(recorder.told.size(), 1U);
  EXPECT_TRUE(recorder.told[0].can_read);
  EXPECT_TRUE(recorder.told[0].can_write);
  EXPECT_FALSE(recorder.told[0].peer_ended);
}

TEST_F(PollerTest, TellsEachChangeOnce) {
  const Wire wire;
  Recorder recorder;
  add(wire, recorder);
  poller.dispatch();
  recorder.told.clear();
  poller.dispatch();
  EXPECT_TRUE(recorder.told.empty());
  wire.send();
  poller.dispatch();
  poller.dispatch();
  ASSERT_EQ(recorder.told.size(), 1U);
  EXPECT_TRUE(recorder.told[0].can_read);
}

TEST_F(PollerTest, TellsThatTheOtherEndHasEnded) {
  const Wire wire;
  Recorder recorder;
  add(wire, recorder);
  poller.dispatch();
  EXPECT_FALSE(recorder.told.back().peer_ended);
  ::shutdown(wire.theirs.get(), SHUT_WR);
  poller.dispatch();
  EXPECT_TRUE(recorder.told.back().peer_ended);
  EXPECT_TRUE(recorder.told.back().can_read);
}

TEST_F(PollerTest, ListenersThatWereRemovedHearNothing) {
  const Wire wire;
  Recorder recorder;
  add(wire, recorder);
  poller.remove(wire.ours.get(), recorder);
  wire.send();
  poller.dispatch();
  EXPECT_TRUE(recorder.told.empty());
}

TEST_F(PollerTest, OneThatIsToldMayRemoveAnother) {
  // Both are ready in the same round: whoever is told first ends the other one.
  const std::array<Wire, 2> wires;
  std::array<Recorder, 2> recorders;
  for (std::size_t i = 0; i < 2; ++i) {
    add(wires[i], recorders[i]);
    recorders[i].then = [&, other = 1 - i] {
      poller.remove(wires[other].ours.get(), recorders[other]);
    };
  }
  poller.dispatch();
  poller.dispatch();
  EXPECT_EQ(recorders[0].told.size() + recorders[1].told.size(), 1U);
}

TEST_F(PollerTest, TellsOfMoreThanFitIntoOneRound) {
  constexpr std::size_t k_many = 200;
  std::vector<Wire> wires(k_many);
  std::vector<Recorder> recorders(k_many);
  for (std::size_t i = 0; i < k_many; ++i)
    add(wires[i], recorders[i]);
  for (std::size_t i = 0; i < k_many; ++i)
    poller.dispatch();
  for (const auto& recorder : recorders)
    EXPECT_EQ(recorder.told.size(), 1U);
}

TEST_F(PollerTest, ItsDescriptorTellsThatThereIsSomething) {
  const Wire wire;
  Recorder recorder;
  add(wire, recorder);
  pollfd look{poller.descriptor(), POLLIN, 0};
  EXPECT_EQ(1, ::poll(&look, 1, 0));
  poller.dispatch();
  EXPECT_EQ(0, ::poll(&look, 1, 0));
}

}  // namespace
}  // namespace pulse2::os
