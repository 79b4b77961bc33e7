#include "pxe/packet.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace pulse2::pxe {
namespace {

using std::chrono::seconds;
using std::string_literals::operator""s;

constexpr std::string_view k_mac = "00:11:22:33:44:55";

/// The bytes before the marker, and the marker.
std::string packet(const std::string& head, std::string_view mac = k_mac) {
  return head + "Mc:" + std::string(mac);
}

template <class Body>
Body body_of(const std::string& bytes) {
  const auto call = parse_packet(bytes);
  if (!call) throw std::runtime_error(call.error().message);
  return std::get<Body>(call->body);
}

void expect_dropped(const std::string& bytes) {
  const auto call = parse_packet(bytes);
  ASSERT_FALSE(call) << ::testing::PrintToString(bytes);
  EXPECT_EQ(call.error().kind, base::ErrorKind::malformed);
}

TEST(PacketTest, RegisterTakesTheNameBeforeTheFirstColon) {
  EXPECT_EQ(body_of<RegisterComputer>(packet("\xADIDpc1:\0"s)).name, "pc1");
  EXPECT_EQ(body_of<RegisterComputer>(packet("\xADIDpc1:secret:\0"s)).name, "pc1");
  EXPECT_EQ(body_of<RegisterComputer>(packet("\xADIDprof:/ent/pc1.example.com:"s)).name, "prof");
  EXPECT_EQ(body_of<RegisterComputer>(packet("\xAD"s)).name, "");
  EXPECT_EQ(body_of<RegisterComputer>(packet("\xADIDpc1\0"s)).name, "pc1\0Mc"s);
}

TEST(PacketTest, AuthenticateSkipsOneByteAndNuls) {
  EXPECT_EQ(body_of<Authenticate>(packet("\xAF pxe\0"s)).password, "pxe");
  EXPECT_EQ(body_of<Authenticate>(packet("\xAF:pxe"s)).password, "pxe");
  EXPECT_EQ(body_of<Authenticate>(packet("\xAF:"s)).password, "");
  expect_dropped(packet("\xAF"s));
}

TEST(PacketTest, ImageDoneTakesTheImage) {
  EXPECT_EQ(body_of<ImageDone>(packet("\xED"
                                      "302c19d2\0"s))
                .image,
            "302c19d2");
}

TEST(PacketTest, ChangeDefaultItemIsAByte) {
  EXPECT_EQ(body_of<ChangeDefaultItem>(packet("\xCD\0"s)).item, 0);
  EXPECT_EQ(body_of<ChangeDefaultItem>(packet("\xCD\xFF"s)).item, 255);
  expect_dropped(packet("\xCD"s));
}

TEST(PacketTest, LogTakesEntryAndComplement) {
  EXPECT_EQ(body_of<LogEvent>(packet("L0\0"s)).kind, LogKind::boot);
  EXPECT_EQ(body_of<LogEvent>(packet("L1\x03\0"s)).entry, 3);
  EXPECT_EQ(body_of<LogEvent>(packet("L1\0"s)).entry, 0);
  EXPECT_EQ(body_of<LogEvent>(packet("L1"s)).entry, 0);
  EXPECT_EQ(body_of<LogEvent>(packet("L2-image\0rest"s)).complement, "image");
  EXPECT_EQ(body_of<LogEvent>(packet("L5-image"s)).complement, "image");
  EXPECT_EQ(body_of<LogEvent>(packet("L5image\0"s)).complement, "");
  EXPECT_EQ(body_of<LogEvent>(packet("L7-image\0"s)).complement, "");
  expect_dropped(packet("L9\0"s));
  expect_dropped(packet("Lx\0"s));
  expect_dropped(packet("L"s));
}

TEST(PacketTest, WaitAddsTheByteToTheNumber) {
  const auto wait =
      body_of<WaitForOthers>(packet("T;\x05"
                                    "1000;10 "s));
  EXPECT_EQ(wait.file, 1005U);
  EXPECT_EQ(wait.timeout, seconds(10));
  for (const char* wrong : {"T", "T;", "T;;10", "T;\x05;10", "T;\x05-1;10",
                            "T;\x05"
                            "1000",
                            "T;\x05"
                            "1;2;3",
                            "T;\x05"
                            "1;",
                            "T;\x05"
                            "1;x",
                            "T;\x05"
                            "99999999999;1",
                            "T;\x05"
                            "1;86401"}) {
    expect_dropped(packet(wrong));
  }
}

TEST(PacketTest, MacIsSeventeenCharactersAsSent) {
  const auto mac_of = [](std::string_view mac) {
    return parse_packet(packet("\x1B"s, mac))->address;
  };
  EXPECT_EQ(mac_of("00:11:22:aa:bb:cc"), "00:11:22:aa:bb:cc");
  EXPECT_EQ(mac_of("00-11-22-AA-BB-CC"), "00-11-22-AA-BB-CC");
  EXPECT_EQ(mac_of("00:11:22:aa:bb:ccdd"), "00:11:22:aa:bb:cc");
  for (const char* wrong : {"", "00:11:22:aa:bb:c", "00:11:22:aa:bb-cc", "0011:22:aa:bb:cc:",
                            "00:11:22:aa:bb:cg", "00.11.22.aa.bb.cc", "0011.22aa.bbcc"}) {
    expect_dropped(packet("\x1B"s, wrong));
  }
}

TEST(PacketTest, DropsWhatIsNoCall) {
  expect_dropped("");
  expect_dropped("\x1B");
  expect_dropped("GET / HTTP/1.1\r\n\r\n");
  expect_dropped(packet("\x02"s));
  expect_dropped(packet(""s));
}

TEST(PacketTest, InventoryHasItsMarkerAtTheStartOfALine) {
  const std::string inside = "\xAAS0:Mc:12|v|d\nMc:00:11:22:33:44:55\n";
  EXPECT_EQ(parse_packet(inside)->address, k_mac);
  expect_dropped("\xAAS0:Mc:00:11:22:33:44:55\n");
  EXPECT_EQ(parse_packet(packet("\xAA"s))->mac, *base::Mac::parse(k_mac));
}

TEST(PacketTest, AnswersEndWithNulAndNeverAmplify) {
  EXPECT_EQ(encode_answer("ok"), "ok\0"s);
  EXPECT_TRUE(may_answer(84, 21));
  EXPECT_FALSE(may_answer(85, 21));
}

TEST(StreamTest, ARequestEndsSeventeenCharactersAfterItsMarker) {
  using State = StreamHead::State;
  const std::string one = packet("\x1B"s);
  const std::string two = one + packet("\x1A"s);
  const StreamHead head = first_request(two);
  EXPECT_EQ(head.state, State::complete);
  EXPECT_EQ(head.size, one.size());
  for (std::size_t cut = 0; cut < one.size(); ++cut) {
    EXPECT_EQ(first_request(std::string_view(one).substr(0, cut)).state, State::partial) << cut;
  }
  EXPECT_EQ(first_request("\r\n").state, State::foreign);
  EXPECT_EQ(first_request("\0"s).state, State::foreign);
}

}  // namespace
}  // namespace pulse2::pxe
