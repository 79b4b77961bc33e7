#include "os/udp.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

namespace pulse2::os {
namespace {

using boost::asio::ip::make_address;

UdpEndpoint name_of(const UniqueFd& socket) {
  UdpEndpoint endpoint;
  auto size = static_cast<socklen_t>(endpoint.capacity());
  EXPECT_EQ(::getsockname(socket.get(), endpoint.data(), &size), 0);
  endpoint.resize(size);
  return endpoint;
}

Datagram receive(const UniqueFd& socket, std::span<char> buffer) {
  pollfd wait{socket.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&wait, 1, 10'000), 1);
  return receive_datagram(socket.get(), buffer).value();
}

class UdpTest : public ::testing::TestWithParam<const char*> {
 protected:
  std::array<char, k_max_datagram> m_buffer{};
};

TEST_P(UdpTest, AnswersComeFromTheAddressThatWasAsked) {
  const auto any = make_address(GetParam()).is_v4() ? make_address("0.0.0.0") : make_address("::");
  const auto server = bind_udp({any, 0}, 1 << 20);
  ASSERT_TRUE(server) << server.error().for_operator();
  const auto asked = make_address(GetParam());
  const auto client = connect_udp(asked, {asked, name_of(*server).port()});
  ASSERT_TRUE(client) << client.error().for_operator();
  ASSERT_EQ(::send(client->get(), "hello", 5, 0), 5);
  const Datagram datagram = receive(*server, m_buffer);
  EXPECT_EQ(datagram.bytes, "hello");
  EXPECT_EQ(datagram.peer, name_of(*client));
  EXPECT_EQ(datagram.local, asked);
  // The client takes datagrams from this address alone.
  ASSERT_TRUE(send_datagram(server->get(), datagram.peer, datagram.local, "answer"));
  EXPECT_EQ(receive(*client, m_buffer).bytes, "answer");
  EXPECT_FALSE(receive_datagram(server->get(), m_buffer));
}

INSTANTIATE_TEST_SUITE_P(Families, UdpTest, ::testing::Values("127.0.0.1", "::1"));

TEST(UdpBatchTest, JoinsThePartsOfEachDatagram) {
  const auto local = make_address("127.0.0.1");
  const auto server = bind_udp({local, 0}, 1 << 20);
  const auto sender = connect_udp(local, name_of(*server));
  const std::vector<DatagramParts> batch = {{"he", "ad", ""}, {"a", "b", "c"}, {"x", "", ""}};
  EXPECT_EQ(send_batch(sender->get(), batch).taken, 3U);
  std::array<char, 100> buffer{};
  EXPECT_EQ(receive(*server, buffer).bytes, "head");
  EXPECT_EQ(receive(*server, buffer).bytes, "abc");
  EXPECT_EQ(receive(*server, buffer).bytes, "x");
}

TEST(UdpBatchTest, TellsThatNobodyListens) {
  const auto local = make_address("127.0.0.1");
  auto server = bind_udp({local, 0}, 1 << 20);
  const auto sender = connect_udp(local, name_of(*server));
  server->reset();
  const std::vector<DatagramParts> batch = {{"a", "", ""}};
  bool closed = false;
  for (int i = 0; i < 1000 && !closed; ++i)
    closed = send_batch(sender->get(), batch).peer_closed;
  EXPECT_TRUE(closed);
}

TEST(UdpBindTest, APortIsBoundOnceOnly) {
  const auto first = bind_udp({make_address("127.0.0.1"), 0}, 1 << 20);
  const auto second = bind_udp(name_of(*first), 1 << 20);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, base::ErrorKind::already_exists);
}

}  // namespace
}  // namespace pulse2::os
