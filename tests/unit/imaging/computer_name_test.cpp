#include "imaging/computer_name.hpp"

#include <gtest/gtest.h>

namespace pulse2::imaging {
namespace {

void expect(const char* text, const char* profile, const char* entity, const char* host,
            const char* domain) {
  const auto name = parse_computer_name(text);
  ASSERT_TRUE(name.has_value()) << text;
  EXPECT_EQ(name->profile, profile) << text;
  EXPECT_EQ(name->entity, entity) << text;
  EXPECT_EQ(name->host, host) << text;
  EXPECT_EQ(name->domain, domain) << text;
}

TEST(ComputerName, ItsParts) {
  expect("pc1", "", "", "pc1", "");
  expect("pc1.example.com", "", "", "pc1", "example.com");
  expect("/Root/Paris/pc_1-a.example", "", "Paris", "pc_1-a", "example");
  expect("class-2b:/Root/PC", "class-2b", "Root", "PC", "");
  expect(":pc1", "", "", "pc1", "");
  expect("x", "", "", "x", "");
}

TEST(ComputerName, AllElseIsRefused) {
  for (const char* text : {"",        ".",           "bad _ name", "-pc",     "pc-",
                           "pc.",     "pc..com",     "pc.1com",    "pc.com-", "/pc",
                           "Root/pc", "/Ro/pc",      "/Root//pc",  "/Root/",  "/R\xC3\xA9union/pc",
                           "a_b:pc",  "a:b:pc",      "/a/../pc",   "../pc",   "pc\n",
                           "pc/",     "/Root/pc/x y"}) {
    EXPECT_FALSE(parse_computer_name(text).has_value()) << text;
  }
  EXPECT_FALSE(parse_computer_name(std::string(2000, 'a')).has_value());
}

TEST(ComputerName, TheAgentMayKnowOthers) {
  EXPECT_EQ(parse_agents_name("/Root/Paris/pc1.example")->entity, "Paris");
  EXPECT_EQ(parse_agents_name("pc-\xC3\xA9t\xC3\xA9.example.com")->host, "pc-\xC3\xA9t\xC3\xA9");
  EXPECT_EQ(parse_agents_name("pc-\xC3\xA9t\xC3\xA9.example.com")->domain, "example.com");
  EXPECT_EQ(parse_agents_name("the old PC")->host, "the old PC");
  for (const char* text : {"", ".example", "a/b", "../x", "a\nb", "a\x7F"})
    EXPECT_FALSE(parse_agents_name(text).has_value()) << text;
  EXPECT_FALSE(parse_agents_name(std::string(256, '_')).has_value());
}

}  // namespace
}  // namespace pulse2::imaging
