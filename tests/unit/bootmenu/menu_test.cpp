#include "bootmenu/menu.hpp"

#include <gmock/gmock.h>

#include "sample_menu.hpp"

namespace pulse2::bootmenu {
namespace {

using test::sample_menu;
using testing::HasSubstr;
using xmlrpc::Struct;
using xmlrpc::Value;

/// Why a menu is refused; empty when it is not.
std::string refusal(const Value& menu, Audience audience = Audience::computer) {
  const auto decoded = decode_menu(menu, audience);
  return decoded ? "" : decoded.error().message;
}

std::string refusal_with(const char* member, const Value& value) {
  Struct menu = sample_menu();
  menu[member] = value;
  return refusal(menu);
}

TEST(Menu, EveryMandatoryMemberIsNamedWhenItIsMissing) {
  for (const char* member :
       {"message", "protocol", "default_item", "default_item_WOL", "timeout", "background_uri",
        "bootservices", "images", "bootcli", "disklesscli", "hidden_menu", "dont_check_disk_size",
        "ethercard", "mtftp_restore_timeout", "target"}) {
    Struct menu = sample_menu();
    menu.erase(member);
    EXPECT_EQ(refusal(menu), std::string(member) + " is missing");
  }
}

TEST(Menu, OnlyAComputersMenuNeedsATarget) {
  Struct menu = sample_menu();
  menu.erase("target");
  menu.erase("update_nt_boot");
  EXPECT_EQ(refusal(menu, Audience::unregistered), "");
}

TEST(Menu, NumbersMayBeText) {
  Struct menu = sample_menu();
  menu["timeout"] = "15";
  menu["mtftp_restore_timeout"] = "45";
  menu["default_item"] = 1.0;
  menu["ethercard"] = "3";
  const auto decoded = decode_menu(menu, Audience::computer).value();
  EXPECT_EQ(decoded.timeout, 15);
  EXPECT_EQ(decoded.mtftp_restore_timeout, 45);
  EXPECT_EQ(decoded.default_item, 1);
  EXPECT_EQ(decoded.ethercard, 3);
}

TEST(Menu, WhatCannotWorkIsRefused) {
  EXPECT_THAT(refusal("x"), HasSubstr("no struct"));
  EXPECT_THAT(refusal_with("protocol", "ftp"), HasSubstr("expected nfs, tftp or mtftp"));
  EXPECT_THAT(refusal_with("ethercard", 12), HasSubstr("ethercard"));
  EXPECT_THAT(refusal_with("ethercard", -1), HasSubstr("ethercard"));
  EXPECT_THAT(refusal_with("timeout", "soon"), HasSubstr("timeout"));
  EXPECT_THAT(refusal_with("timeout", 1e300), HasSubstr("timeout"));
  EXPECT_THAT(refusal_with("timeout", 1.5), HasSubstr("timeout"));
  EXPECT_THAT(refusal_with("bootservices", "x"), HasSubstr("bootservices is no struct"));
  EXPECT_THAT(refusal_with("images", Struct{{"2", "x"}}), HasSubstr("images 2: is no struct"));
  EXPECT_THAT(refusal_with("images", Struct{{"x", Struct{}}}), HasSubstr("position"));
  EXPECT_THAT(refusal_with("images", Struct{{"-1", Struct{}}}), HasSubstr("position"));
}

TEST(Menu, TwoItemsAtOnePositionAreRefused) {
  const Struct image{{"uuid", test::k_image}, {"name", "a"}, {"desc", ""}};
  EXPECT_EQ(refusal_with("images", Struct{{"0", image}}), "two items stand at position 0");
  EXPECT_EQ(refusal_with("images", Struct{{"00", image}}), "two items stand at position 0");
}

TEST(Menu, UuidsThatCouldBePathsAreRefused) {
  for (const char* uuid : {"../x", "UUID1/../../etc", "", "."}) {
    const Struct image{{"uuid", uuid}, {"name", "a"}, {"desc", ""}};
    EXPECT_THAT(refusal_with("images", Struct{{"2", image}}), HasSubstr("no UUID")) << uuid;
    Struct menu = sample_menu();
    (*menu["target"].as_struct())["uuid"] = uuid;
    EXPECT_THAT(refusal(menu), HasSubstr("no UUID")) << uuid;
  }
  Struct menu = sample_menu();
  (*menu["target"].as_struct())["macaddress"] = "../../../../../x";
  EXPECT_THAT(refusal(menu), HasSubstr("no MAC address"));
}

TEST(Menu, ScriptsAreRead) {
  Struct menu = sample_menu();
  auto& image = *menu["images"].as_struct()->find("2")->as_struct();
  image["post_install_script"] = "x";
  EXPECT_THAT(refusal(menu), HasSubstr("no list"));
  image["post_install_script"] = xmlrpc::Array{Struct{{"name", "a"}}};
  EXPECT_THAT(refusal(menu), HasSubstr("post_install_script value is missing"));
  image["post_install_script"] = xmlrpc::Array{};
  EXPECT_EQ(refusal(menu), "");
}

}  // namespace
}  // namespace pulse2::bootmenu
