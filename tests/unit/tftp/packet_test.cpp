#include "tftp/packet.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pulse2::tftp {
namespace {

using std::string_literals::operator""s;

ReadRequest read_request(const std::string& packet) {
  return std::get<ReadRequest>(parse_request(packet));
}

bool is_ignored(const std::string& packet) {
  return std::holds_alternative<std::monostate>(parse_request(packet));
}

TEST(TftpPacketTest, ReadRequestWithAllOptions) {
  const auto request = read_request(
      "\0\1/bootloader/pxe_boot\0OCTET\0BlkSize\0"
      "1428\0tsize\0"
      "0\0timeout\0"
      "3\0windowsize\0"
      "16\0nonsense\0x\0"s);
  EXPECT_EQ(request.file, "/bootloader/pxe_boot");
  EXPECT_EQ(request.mode, Mode::octet);
  EXPECT_EQ(request.block_size, 1428U);
  EXPECT_EQ(request.timeout, 3U);
  EXPECT_EQ(request.window_size, 16U);
  EXPECT_TRUE(request.wants_size);
}

TEST(TftpPacketTest, OptionsOutOfRangeAreAsIfNotSent) {
  const auto request = read_request(
      "\0\1f\0octet\0blksize\0"
      "7\0timeout\0"
      "256\0windowsize\0"
      "0\0"s);
  EXPECT_FALSE(request.block_size || request.timeout || request.window_size);
  EXPECT_FALSE(read_request("\0\1f\0octet\0blksize\0"
                            "65465\0"s)
                   .block_size);
  EXPECT_FALSE(read_request("\0\1f\0octet\0blksize\0"
                            "1428"s)
                   .block_size)
      << "no NUL at its end";
}

TEST(TftpPacketTest, Modes) {
  EXPECT_EQ(read_request("\0\1f\0NetASCII\0"s).mode, Mode::netascii);
  EXPECT_EQ(std::get<Refusal>(parse_request("\0\1f\0mail\0"s)).code, ErrorCode::illegal_operation);
}

TEST(TftpPacketTest, WritingIsRefused) {
  EXPECT_EQ(std::get<Refusal>(parse_request("\0\2f\0octet\0"s)).code, ErrorCode::access_violation);
}

TEST(TftpPacketTest, OtherPacketsAreIgnored) {
  for (const auto& packet :
       {""s, "\0"s, "\0\1"s, "\0\1f"s, "\0\1f\0"s, "\0\1f\0octet"s, "\0\1\0octet\0"s,
        "\0\3\0\1data"s, "\0\4\0\1"s, "\0\5\0\1no\0"s, "\0\7xxxx"s, "\1\1f\0octet\0"s}) {
    EXPECT_TRUE(is_ignored(packet)) << ::testing::PrintToString(packet);
  }
}

TEST(TftpPacketTest, RepliesOfClients) {
  EXPECT_EQ(std::get<Ack>(parse_reply("\0\4\x12\x34"s)).block, 0x1234);
  EXPECT_EQ(std::get<PeerError>(parse_reply("\0\5\0\2abort\0"s)).message, "abort");
  EXPECT_EQ(std::get<PeerError>(parse_reply("\0\5\0\2"s)).code, 2);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(parse_reply("\0\4\1"s)));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(parse_reply("\0\1\1\1"s)));
}

TEST(TftpPacketTest, PacketsOfTheServer) {
  const auto header = data_header(0x1FFFF);
  EXPECT_EQ(std::string(header.data(), header.size()), "\0\3\xFF\xFF"s);
  EXPECT_EQ(encode_error({ErrorCode::not_found, "file not found"}), "\0\5\0\1file not found\0"s);
  EXPECT_EQ(encode_option_ack({{"blksize", "1428"}, {"tsize", "5"}}),
            "\0\6blksize\0"
            "1428\0tsize\0"
            "5\0"s);
}

TEST(TftpPacketTest, NothingIsGrantedThatWasNotAskedFor) {
  const Parameters parameters = negotiate(ReadRequest{}, Limits{}, 100);
  EXPECT_TRUE(parameters.granted.empty());
  EXPECT_EQ(parameters.block_size, 512U);
  EXPECT_EQ(parameters.window_size, 1U);
  EXPECT_FALSE(parameters.fixed_timeout);
}

TEST(TftpPacketTest, GrantsWithinTheLimits) {
  ReadRequest request;
  request.block_size = 65464;
  request.window_size = 1000;
  request.timeout = 7;
  request.wants_size = true;
  Limits limits;
  limits.block_size = 8192;
  limits.window_size = 64;
  limits.window_bytes = 32 * 8192;
  const Parameters parameters = negotiate(request, limits, 12345);
  EXPECT_EQ(
      parameters.granted,
      (Options{{"blksize", "8192"}, {"timeout", "7"}, {"tsize", "12345"}, {"windowsize", "32"}}));
  EXPECT_EQ(parameters.window_size, 32U);
  EXPECT_TRUE(parameters.fixed_timeout);
}

}  // namespace
}  // namespace pulse2::tftp
