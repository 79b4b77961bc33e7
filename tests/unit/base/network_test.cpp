#include "base/network.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>
#include <random>

namespace pulse2::base {
namespace {

IpAddress ip(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value_or(IpAddress{});
}

Network network(std::string_view text) {
  const auto parsed = Network::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  return parsed.value();
}

/// What the C library makes of it, IPv4 as ::ffff:a.b.c.d.
std::optional<IpAddress> by_the_library(const std::string& text) {
  IpAddress address;
  if (::inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) return address;
  std::array<std::uint8_t, 4> four{};
  if (::inet_pton(AF_INET, text.c_str(), four.data()) == 1) return IpAddress::v4(four);
  return std::nullopt;
}

TEST(IpAddress, ReadsWhatTheLibraryReads) {
  for (const std::string text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "::", "::1", "1::", "2001:db8::1",
        "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "::ffff:192.0.2.1",
        "64:ff9b::192.0.2.33", "1:2:3:4:5:6:1.2.3.4", "FE80::ABCD", "::1.2.3.4"}) {
    EXPECT_EQ(by_the_library(text), IpAddress::parse(text)) << text;
    EXPECT_TRUE(IpAddress::parse(text).has_value()) << text;
  }
}

TEST(IpAddress, RefusesOtherText) {
  for (const std::string text : {"",
                                 ".",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "1.2.3.256",
                                 "01.2.3.4",
                                 "1.2.3.4 ",
                                 " 1.2.3.4",
                                 "1.2.3.",
                                 "1..2.3",
                                 "-1.2.3.4",
                                 "+1.2.3.4",
                                 "1.2.3.4x",
                                 ":",
                                 ":::",
                                 "1::2::3",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "12345::",
                                 "g::",
                                 "::1%lo",
                                 "[::1]",
                                 "1.2.3.4::",
                                 "1:2:3:4:5:6:7:1.2.3.4",
                                 "::1.2.3",
                                 ":1",
                                 "1:",
                                 "1:2:3:4:5:6:7:8::",
                                 "::1:2:3:4:5:6:7:8",
                                 "localhost"}) {
    EXPECT_EQ(by_the_library(text), std::nullopt) << text;
    EXPECT_EQ(IpAddress::parse(text), std::nullopt) << text;
  }
}

TEST(IpAddress, AgreesWithTheLibraryOnNoise) {
  std::mt19937 random(20240229);
  constexpr std::string_view k_letters = "0123456789abF:::..";
  for (int round = 0; round < 200000; ++round) {
    std::string text(1 + random() % 20, ' ');
    for (char& c : text)
      c = k_letters[random() % k_letters.size()];
    ASSERT_EQ(by_the_library(text), IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, IsWrittenAsTheLibraryWritesIt) {
  std::mt19937 random(20240301);
  for (int round = 0; round < 20000; ++round) {
    IpAddress address;
    // Many zeros, so that runs of them appear.
    for (auto& byte : address.bytes)
      byte = random() % 3 == 0 ? static_cast<std::uint8_t>(random()) : 0;
    address.bytes[0] = 0x20;
    std::array<char, INET6_ADDRSTRLEN> expected{};
    ::inet_ntop(AF_INET6, address.bytes.data(), expected.data(), expected.size());
    ASSERT_EQ(expected.data(), address.to_text());
  }
  for (const auto* text : {"::1", "2001:db8::", "fe80::1:0:0:1", "1:0:0:2::3", "192.0.2.255"})
    EXPECT_EQ(text, ip(text).to_text());
  EXPECT_EQ("10.0.0.1", ip("::ffff:10.0.0.1").to_text());
}

TEST(IpAddress, KnowsItsKind) {
  EXPECT_TRUE(ip("10.1.2.3").is_v4());
  EXPECT_TRUE(ip("::ffff:10.1.2.3").is_v4());
  EXPECT_FALSE(ip("::10.1.2.3").is_v4());
  EXPECT_TRUE(ip("fe80::1").is_link_local());
  EXPECT_TRUE(ip("febf::1").is_link_local());
  EXPECT_FALSE(ip("fec0::1").is_link_local());
  EXPECT_FALSE(ip("254.128.0.1").is_link_local());
}

TEST(IpAddress, IsMasked) {
  const auto address = ip("2001:db8:1234:5678:9abc:def0:1234:5678");
  EXPECT_EQ(ip("2001:db8:1234:5678::"), address.masked(64));
  EXPECT_EQ(ip("2001:db8:1234:5660::"), address.masked(59));
  EXPECT_EQ(ip("::"), address.masked(0));
  EXPECT_EQ(address, address.masked(128));
  EXPECT_EQ(ip("192.0.2.0"), ip("192.0.2.255").masked(96 + 24));
}

TEST(Network, HasItsAddressesAndNoOthers) {
  const auto office = network("192.168.4.0/22");
  for (const auto* inside : {"192.168.4.0", "192.168.7.255", "::ffff:192.168.5.5"})
    EXPECT_TRUE(office.contains(ip(inside))) << inside;
  for (const auto* outside : {"192.168.3.255", "192.168.8.0", "::192.168.5.5", "2001:db8::1"})
    EXPECT_FALSE(office.contains(ip(outside))) << outside;

  const auto six = network("2001:db8::/33");
  EXPECT_TRUE(six.contains(ip("2001:db8:7fff::1")));
  EXPECT_FALSE(six.contains(ip("2001:db8:8000::1")));
  EXPECT_FALSE(six.contains(ip("32.1.13.184")));
}

TEST(Network, OneAddressAndAll) {
  EXPECT_TRUE(network("10.0.0.1").contains(ip("10.0.0.1")));
  EXPECT_FALSE(network("10.0.0.1").contains(ip("10.0.0.2")));
  EXPECT_FALSE(network("::1").contains(ip("::2")));
  EXPECT_TRUE(network("0.0.0.0/0").contains(ip("203.0.113.9")));
  EXPECT_FALSE(network("0.0.0.0/0").contains(ip("2001:db8::1")));
  EXPECT_TRUE(network("::/0").contains(ip("2001:db8::1")));
  // All of IPv6 is not all of both.
  EXPECT_FALSE(network("::/0").contains(ip("203.0.113.9")));
}

TEST(Network, BitsBehindThePrefixDoNotCount) {
  EXPECT_TRUE(network("10.9.8.7/8").contains(ip("10.0.0.1")));
  EXPECT_EQ("10.9.8.7/8", network("10.9.8.7/8").text());
}

TEST(Network, RefusesOtherText) {
  for (const auto* text : {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1",
                           "10.0.0.0/ 8", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0", "10/8", "all"})
    EXPECT_FALSE(Network::parse(text).has_value()) << text;
}

TEST(Network, Lists) {
  const std::vector<Network> list = {network("10.0.0.0/8"), network("::1")};
  EXPECT_TRUE(any_contains(list, ip("10.2.3.4")));
  EXPECT_TRUE(any_contains(list, ip("::1")));
  EXPECT_FALSE(any_contains(list, ip("11.0.0.1")));
  EXPECT_FALSE(any_contains({}, ip("10.2.3.4")));
}

}  // namespace
}  // namespace pulse2::base
