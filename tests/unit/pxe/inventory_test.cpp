#include "pxe/inventory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <string>

#include "pxe/name_tables.hpp"
#include "pxe/ocs_xml.hpp"

namespace pulse2::pxe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string xml_of(const Inventory& inventory, const OcsComputer& computer = {"pc1", ""}) {
  std::tm time{};
  time.tm_year = 126;
  time.tm_mon = 10;
  time.tm_mday = 3;
  time.tm_hour = 4;
  time.tm_min = 5;
  time.tm_sec = 6;
  return to_ocs_xml(inventory, computer, time);
}

Inventory parsed(std::string_view text) {
  return parse_inventory(text, "");
}

TEST(InventoryTest, AnEmptyOneHasEveryMember) {
  const auto members = to_struct(parsed(""));
  const xmlrpc::Struct expected = {{"mem", xmlrpc::Struct{}},
                                   {"bus", xmlrpc::Struct{}},
                                   {"disk", xmlrpc::Struct{}},
                                   {"bios", xmlrpc::Struct{}},
                                   {"sys", xmlrpc::Struct{}},
                                   {"enclos", xmlrpc::Struct{}},
                                   {"memslot", xmlrpc::Array{}},
                                   {"numcpu", 0},
                                   {"featcpu", xmlrpc::Array{}},
                                   {"freqcpu", 0},
                                   {"macaddr", ""},
                                   {"ipaddr", xmlrpc::Struct{{"ip", ""}, {"port", 0}}},
                                   {"netmask", ""},
                                   {"gateway", ""}};
  EXPECT_EQ(members, expected);
}

TEST(InventoryTest, PartitionsBelongToTheDiskBeforeThem) {
  const auto inventory = parsed(
      "P:9,t:83,s:1,l:1\n"
      "D:(hd0):CHS(1,2,3)=100\nP:0,t:7,s:1,l:31250\n"
      "D:(hd1):CHS(1,2,3)=200\nP:0,t:83,s:1,l:1\nP:4,t:82,s:2,l:2\nP:4,t:82,s:3,l:3\n");
  ASSERT_EQ(inventory.disks.size(), 2U);
  ASSERT_EQ(inventory.disks[0].partitions.size(), 1U);
  EXPECT_EQ(type_hex(inventory.disks[0].partitions[0]), "07");
  EXPECT_EQ(megabytes(inventory.disks[0].partitions[0].length), 16U);
  ASSERT_EQ(inventory.disks[1].partitions.size(), 2U);
  EXPECT_EQ(inventory.disks[1].partitions[1].length, 3U) << "the last of one number counts";
  EXPECT_THAT(inventory.unknown, ElementsAre("P:9,t:83,s:1,l:1")) << "no disk before it";
}

TEST(InventoryTest, MegabytesAreMillionsOfBytesAndNeverOverflow) {
  EXPECT_EQ(megabytes(16777216), 8589U);
  EXPECT_EQ(megabytes(15986688), 8185U);
  EXPECT_EQ(megabytes(0), 0U);
  EXPECT_EQ(megabytes(~std::uint64_t{0}), 9444732965739290U);
}

TEST(InventoryTest, UnknownAndBrokenLinesAreKept) {
  const auto inventory = parsed("X:1\nM:zz,U:1\nS4:99999\nC:1,2,xyz\nD:(hdx):CHS(1,2,3)=4\n\r\n\0");
  EXPECT_THAT(inventory.unknown,
              ElementsAre("X:1", "M:zz,U:1", "S4:99999", "C:1,2,xyz", "D:(hdx):CHS(1,2,3)=4"));
  EXPECT_FALSE(inventory.memory);
  EXPECT_EQ(inventory.processors, 0U);
}

TEST(InventoryTest, SlotsMayHaveColonsInTheirLocation) {
  const auto inventory = parsed("SM:256:9:DIMM 0: A:7:0\nSM:0:9:DIMM 1:7:0\n");
  ASSERT_EQ(inventory.slots.size(), 2U);
  EXPECT_EQ(inventory.slots[0].location, "DIMM 0: A");
  const std::string xml = xml_of(inventory);
  EXPECT_THAT(xml, HasSubstr("<CAPTION>DIMM 0: A</CAPTION>"));
  EXPECT_THAT(xml, HasSubstr("<SPEED>N/A</SPEED>"));
  EXPECT_THAT(xml, Not(HasSubstr("DIMM 1"))) << "an empty slot";
}

TEST(InventoryTest, TheSendersAddressStandsAboveTheText) {
  const std::string_view text = "IPADDR:192.0.2.9:12\n";
  EXPECT_EQ(parse_inventory(text, "").ip, "192.0.2.9");
  EXPECT_EQ(parse_inventory(text, "").port, 12U);
  EXPECT_EQ(parse_inventory(text, "2001:db8::7").ip, "2001:db8::7");
  EXPECT_EQ(parse_inventory(text, "2001:db8::7").port, 0U);
  EXPECT_EQ(parsed("IPADDR:2001:db8::7:12").ip, "2001:db8::7");
  EXPECT_EQ(parsed("S0:IPADDR:1.2.3.4:5|v|d").ip, "") << "only at the start of a line";
}

TEST(InventoryTest, DevicesOfABusAreNumbered) {
  const auto inventory = parsed("B:0,f:1f,v:8086,d:7010,c:1,s:1\nB:0,f:2\n");
  ASSERT_EQ(inventory.bus.size(), 1U);
  const auto members = to_struct(inventory);
  const auto* bus = members.find("bus")->as_struct();
  EXPECT_EQ(*bus->find("0"), (xmlrpc::Struct{{"bus", "0"},
                                             {"dev", "1f"},
                                             {"vendor", "8086"},
                                             {"device", "7010"},
                                             {"class", "1"},
                                             {"subclass", "1"}}));
}

TEST(InventoryTest, TextsAreMadeFitForXml) {
  const auto inventory = parsed("S0: \xE9t\xE9 \x01<&>|\xC3\xA9 \xF0\x9F\x92\xBE|\n");
  EXPECT_EQ(inventory.bios->vendor, "été <&>");
  EXPECT_THAT(xml_of(inventory), HasSubstr("<BMANUFACTURER>&#233;t&#233; &lt;&amp;&gt;"));
  EXPECT_THAT(xml_of(parsed("S0:|\xC3\xA9 \xF0\x9F\x92\xBE|")),
              HasSubstr("<BVERSION>&#233; &#128190;</BVERSION>"));
}

TEST(OcsXmlTest, SubnetNeedsAddressAndMaskInAnyOrder) {
  const std::string subnet = "<IPSUBNET>192.0.2.0</IPSUBNET>";
  EXPECT_THAT(xml_of(parsed("mask:255.255.255.0\nIPADDR:192.0.2.9:0\n")), HasSubstr(subnet));
  EXPECT_THAT(xml_of(parsed("IPADDR:192.0.2.9:0\nmask:255.255.255.0\n")), HasSubstr(subnet));
  EXPECT_THAT(xml_of(parsed("IPADDR:192.0.2.9:0\n")), HasSubstr("<IPSUBNET />"));
  EXPECT_THAT(xml_of(parsed("IPADDR:192.0.2.9:0\nmask:255.255.255\n")), HasSubstr("<IPSUBNET />"));
}

TEST(OcsXmlTest, NamesTheComputerAndItsEntity) {
  const std::string xml = xml_of(parsed(""), {"pc-été", "Root entity"});
  EXPECT_THAT(xml, HasSubstr("<REQUEST><DEVICEID>pc-&#233;t&#233;-2026-11-03-04-05-06</DEVICEID>"));
  EXPECT_THAT(xml, HasSubstr("<TAG>Root entity</TAG>"));
  EXPECT_THAT(xml, HasSubstr("<LOGDATE>2026-11-03 04:05:06</LOGDATE>"));
  EXPECT_THAT(xml, HasSubstr("<CHASSIS_TYPE>Unknown</CHASSIS_TYPE>"));
  EXPECT_THAT(xml, HasSubstr("<PROCESSORT>Unknown processor</PROCESSORT>"));
  EXPECT_THAT(xml, Not(HasSubstr("<CPUS>")));
}

TEST(OcsXmlTest, LooksUpCodes) {
  const std::string xml = xml_of(
      parsed("S3:vendor|1d\ncpuf 0:bh\nS4:2\nF:2593852\nD:(hd0):CHS(1,2,3)=1\nP:0,t:7,s:1,l:1\n"));
  EXPECT_THAT(xml, HasSubstr("<CHASSIS_TYPE>Blade Enclosure</CHASSIS_TYPE>"));
  EXPECT_THAT(xml,
              HasSubstr("<CPUS><SPEED>2593</SPEED><NAME>Pentium (family)</NAME></CPUS><CPUS>"));
  EXPECT_THAT(xml, HasSubstr("<TYPE>hd0p0</TYPE>"));
  EXPECT_EQ(processor_family_name("0B"), "Pentium (family)");
  EXPECT_EQ(partition_type_name("83"), "Linux");
  EXPECT_EQ(partition_type_name("zz"), std::nullopt);
  EXPECT_EQ(chassis_name(""), std::nullopt);
}

}  // namespace
}  // namespace pulse2::pxe
