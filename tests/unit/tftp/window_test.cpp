#include "tftp/window.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <random>

namespace pulse2::tftp {
namespace {

constexpr Blocks k_nothing{1, 0};

TEST(TftpWindowTest, LockstepSendsOneBlockAfterTheOther) {
  Window window(1024, 512, 1);
  EXPECT_EQ(window.begin(), (Blocks{1, 1}));
  EXPECT_EQ(window.acknowledged(1), (Blocks{2, 1}));
  EXPECT_EQ(window.acknowledged(2), (Blocks{3, 1})) << "an empty block ends a file of full ones";
  EXPECT_FALSE(window.done());
  EXPECT_TRUE(window.acknowledged(3).empty());
  EXPECT_TRUE(window.done());
}

TEST(TftpWindowTest, AnEmptyFileIsOneEmptyBlock) {
  Window window(0, 512, 16);
  EXPECT_EQ(window.begin(), (Blocks{1, 1}));
  (void)window.acknowledged(1);
  EXPECT_TRUE(window.done());
}

TEST(TftpWindowTest, DuplicatesInLockstepAreNotAnswered) {
  Window window(5000, 512, 1);
  (void)window.begin();
  EXPECT_EQ(window.acknowledged(0), k_nothing);
  (void)window.acknowledged(1);
  EXPECT_EQ(window.acknowledged(1), k_nothing);
  EXPECT_EQ(window.acknowledged(0), k_nothing);
  EXPECT_EQ(window.acknowledged(3), k_nothing) << "never sent";
  EXPECT_EQ(window.again(), (Blocks{2, 1}));
}

TEST(TftpWindowTest, AWindowIsSentAtOnceAndContinuedBehindAGap) {
  Window window(100 * 512, 512, 4);
  EXPECT_EQ(window.begin(), (Blocks{1, 4}));
  EXPECT_EQ(window.acknowledged(4), (Blocks{5, 4}));
  EXPECT_EQ(window.acknowledged(6), (Blocks{7, 4})) << "block 7 got lost";
  EXPECT_EQ(window.acknowledged(6), (Blocks{7, 4})) << "and again";
  EXPECT_EQ(window.acknowledged(6), k_nothing) << "answered once only";
  EXPECT_EQ(window.acknowledged(10), (Blocks{11, 4}));
}

TEST(TftpWindowTest, NumbersBeginAgainAfter65535) {
  constexpr std::uint64_t k_blocks = 200'000;
  Window window(k_blocks * 512, 512, 1);
  Blocks blocks = window.begin();
  for (std::uint64_t block = 1; block <= k_blocks; ++block) {
    ASSERT_EQ(blocks, (Blocks{block, 1}));
    blocks = window.acknowledged(static_cast<std::uint16_t>(block));
  }
  (void)window.acknowledged(static_cast<std::uint16_t>(k_blocks + 1));
  EXPECT_TRUE(window.done());
}

/// A client that takes blocks in order and acknowledges full windows and gaps (RFC 7440 §4).
class Client {
 public:
  explicit Client(unsigned window) : m_window(window) {}

  /// True: an acknowledgement of received() goes out.
  bool take(std::uint64_t block, std::uint64_t last) {
    if (block != m_received + 1) return true;
    ++m_received;
    ++m_in_window;
    if (m_in_window < m_window && m_received < last) return false;
    m_in_window = 0;
    return true;
  }
  void restart_window() { m_in_window = 0; }
  [[nodiscard]] std::uint64_t received() const { return m_received; }

 private:
  unsigned m_window;
  unsigned m_in_window = 0;
  std::uint64_t m_received = 0;
};

/// Plays a transfer over a net that loses and doubles; the number of blocks that were sent.
std::uint64_t play(std::uint64_t size, unsigned window_size, double loss, double doubling,
                   unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<> chance;
  Window window(size, 512, window_size);
  Client client(window_size);
  const std::uint64_t last = size / 512 + 1;
  std::deque<std::uint64_t> to_client;
  std::deque<std::uint64_t> to_server;
  std::uint64_t sent = 0;
  const auto pass = [&](std::deque<std::uint64_t>& net, std::uint64_t number) {
    if (chance(random) >= loss) net.push_back(number);
    if (chance(random) < doubling) net.push_back(number);
  };
  const auto send = [&](Blocks blocks) {
    sent += blocks.count;
    for (std::uint64_t i = 0; i < blocks.count; ++i)
      pass(to_client, blocks.first + i);
  };
  send(window.begin());
  while (!window.done() && sent < 1000 * last) {
    if (!to_client.empty()) {
      const std::uint64_t block = to_client.front();
      to_client.pop_front();
      if (client.take(block, last)) pass(to_server, client.received());
    } else if (!to_server.empty()) {
      const auto block = static_cast<std::uint16_t>(to_server.front());
      to_server.pop_front();
      send(window.acknowledged(block));
    } else {
      client.restart_window();
      send(window.again());
    }
  }
  EXPECT_TRUE(window.done());
  EXPECT_EQ(client.received(), last);
  return sent;
}

TEST(TftpWindowTest, ArrivesOverALossyNet) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    for (const unsigned window : {1U, 2U, 16U, 64U}) {
      SCOPED_TRACE(::testing::Message() << "window " << window << " seed " << seed);
      play(300 * 512, window, 0.1, 0.1, seed);
    }
  }
}

TEST(TftpWindowTest, ANetThatDoublesCausesNoStorm) {
  const std::uint64_t blocks = 301;
  EXPECT_EQ(play(300 * 512, 1, 0, 1, 1), blocks) << "everything is doubled, nothing is sent twice";
  const auto sent = play(300 * 512, 16, 0, 0.01, 1);
  EXPECT_LE(sent, 3 * blocks);
}

}  // namespace
}  // namespace pulse2::tftp
