#include "imaging/computer_table.hpp"

#include <gmock/gmock.h>

namespace pulse2::imaging {
namespace {

Computer computer(const char* uuid, const char* mac, const char* name = "pc") {
  Computer made;
  made.uuid = uuid;
  made.mac = base::Mac::parse(mac).value();
  made.shortname = name;
  made.fqdn = std::string(name) + ".";
  made.updated = 1795394466;
  return made;
}

constexpr const char* k_mac1 = "00:11:22:33:44:DD";
constexpr const char* k_mac2 = "00:11:22:33:44:EE";

// Recorded from the former server.
constexpr const char* k_file =
    "[UUID3]\nmac = 00:11:22:33:44:DD\nshortname = hostname1\nfqdn = hostname1.\nentity = \n"
    "updated = 1795394466\n\n"
    "[UUID17]\nmac = 00:11:22:33:44:77\nshortname = pc-\xC3\xA9t\xC3\xA9\n"
    "fqdn = pc-\xC3\xA9t\xC3\xA9.example.com\nentity = Root entity\nupdated = 1795394469\n\n";

TEST(ComputerTable, FindsByBothKeys) {
  ComputerTable table;
  table.put(computer("UUID1", k_mac1));
  table.put(computer("UUID2", k_mac2));
  EXPECT_EQ(table.find("UUID1")->mac.text(), k_mac1);
  EXPECT_EQ(table.find(base::Mac::parse(k_mac2).value())->uuid, "UUID2");
  EXPECT_EQ(table.find("UUID3"), nullptr);
  EXPECT_TRUE(table.erase("UUID1"));
  EXPECT_FALSE(table.erase("UUID1"));
  EXPECT_EQ(table.find(base::Mac::parse(k_mac1).value()), nullptr);
}

TEST(ComputerTable, WhatMovesReplacesWhatWas) {
  ComputerTable table;
  table.put(computer("UUID1", k_mac1));
  table.put(computer("UUID2", k_mac2));
  // UUID2 gets the card of UUID1.
  table.put(computer("UUID2", k_mac1));
  EXPECT_EQ(table.find("UUID1"), nullptr);
  EXPECT_EQ(table.find(base::Mac::parse(k_mac2).value()), nullptr);
  EXPECT_EQ(table.find(base::Mac::parse(k_mac1).value())->uuid, "UUID2");
  EXPECT_EQ(table.all().size(), 1U);
}

TEST(ComputerTable, TheFileIsThatOfTheFormerServer) {
  const auto read = parse_table(k_file);
  EXPECT_TRUE(read.problems.empty());
  ASSERT_EQ(read.computers.size(), 2U);
  EXPECT_EQ(read.computers.back().entity, "Root entity");
  EXPECT_EQ(render_table(read.computers), k_file);
}

TEST(ComputerTable, OldFilesAndOddOnes) {
  const auto read = parse_table(
      "junk\n[UUID5]\r\nMAC: 001122334455\r\nfullname = pc5.example\r\nupdated = soon\n\n"
      "# a comment\n[../../etc]\nmac = 00:11:22:33:44:56\n[UUID6]\nmac = BAD\n[UUID7]\n");
  ASSERT_EQ(read.computers.size(), 1U);
  EXPECT_EQ(read.computers.front().fqdn, "pc5.example");
  EXPECT_EQ(read.computers.front().updated, 0);
  EXPECT_EQ(read.problems.size(), 3U);
  EXPECT_THAT(read.problems[0], testing::HasSubstr("line 8: [../../etc]"));
}

TEST(ComputerTable, ANameCantForgeASection) {
  std::list<Computer> computers = {computer("UUID1", k_mac1, "a\n[UUID2]\nmac = x")};
  const auto read = parse_table(render_table(computers));
  ASSERT_EQ(read.computers.size(), 1U);
  EXPECT_EQ(read.computers.front().shortname, "a [UUID2] mac = x");
}

}  // namespace
}  // namespace pulse2::imaging
