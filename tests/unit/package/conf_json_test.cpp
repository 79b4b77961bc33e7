#include "package/conf_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_data.hpp"

namespace pulse2::package {
namespace {

using testing::HasSubstr;

std::string reason(std::string_view json) {
  const auto package = parse_conf_json(json);
  return package ? "parsed" : package.error().message;
}

TEST(ConfJson, ReadsEveryMember) {
  const Package package = parse_conf_json(test_data("full.json")).value();
  EXPECT_EQ(package.id, "full");
  EXPECT_EQ(package.label, "Éditeur");
  EXPECT_EQ(package.version, "2.1");
  EXPECT_EQ(package.description, "ligne 1\nligne 2");
  EXPECT_EQ(package.licenses, "5");
  EXPECT_EQ(package.pre_command, (Command{"pre", "echo \"pré\""}));
  EXPECT_EQ(package.command, (Command{"cmd", "./setup.exe /S"}));
  EXPECT_EQ(package.post_command_failure, (Command{"", "echo ko"}));
  EXPECT_EQ(package.reboot, "1");
  EXPECT_EQ(package.associateinventory, "1");
  EXPECT_EQ(package.q_software, "S%");
  EXPECT_EQ(package.boolcnd, "true");
  EXPECT_EQ(package.sub_packages, (std::vector<SubPackage>{{"other", "os=win"}}));
  EXPECT_EQ(package.entity_id, "3");
}

TEST(ConfJson, ReadsTheLeast) {
  const Package package =
      parse_conf_json(
          R"({"id": "a", "name": "", "version": "", "commands": {}, "entity_id": null})")
          .value();
  EXPECT_EQ(package.version, "0");
  EXPECT_EQ(package.reboot, std::nullopt);
  EXPECT_EQ(package.associateinventory, std::nullopt);
}

TEST(ConfJson, NumbersAndBooleansStandForTheirText) {
  const Package package =
      parse_conf_json(
          "\xEF\xBB\xBF{\"id\": 7, \"name\": \"n\", \"version\": 3, \"entity_id\": 12,"
          "\"commands\": {\"reboot\": true}, \"inventory\": {\"associateinventory\": false}}")
          .value();
  EXPECT_EQ(package.id, "7");
  EXPECT_EQ(package.version, "3");
  EXPECT_EQ(package.entity_id, "12");
  EXPECT_EQ(package.reboot, "1");
  EXPECT_EQ(package.associateinventory, "0");
}

TEST(ConfJson, UnknownMembersSurviveAnEdit) {
  Package package = parse_conf_json(test_data("full.json")).value();
  package.label = "Renamed";
  const std::string written = write_conf_json(package);
  EXPECT_THAT(written, HasSubstr("\"timeout\": 30"));
  EXPECT_THAT(written, HasSubstr("\"shade\": null"));
  EXPECT_THAT(written, testing::StartsWith("{\n    \"id\": \"full\",\n    \"name\": \"Renamed\","));
  EXPECT_THAT(written, testing::EndsWith("\n}\n"));
  EXPECT_EQ(parse_conf_json(written).value(), package);
}

TEST(ConfJson, SaysWhatIsWrong) {
  EXPECT_THAT(reason("{\n\"id\": }"), testing::StartsWith("line 2: "));
  EXPECT_THAT(reason("{} x"), testing::StartsWith("line 1: "));
  EXPECT_EQ(reason("[]"), "the document is no object");
  EXPECT_EQ(reason("{}"), "member \"id\" is missing");
  EXPECT_EQ(reason(R"({"id": ""})"), "member \"id\" is empty");
  EXPECT_EQ(reason(R"({"id": "a"})"), "member \"name\" is missing");
  EXPECT_EQ(reason(R"({"id": "a", "name": "b"})"), "member \"version\" is missing");
  EXPECT_EQ(reason(R"({"id": "a", "name": [], "version": "1"})"), "member \"name\" is no text");
  EXPECT_EQ(reason(R"({"id": "a", "name": "b", "version": "1"})"),
            "member \"commands\" is missing");
  EXPECT_EQ(reason(R"({"id": "a", "name": "b", "version": "1", "commands": []})"),
            "member \"commands\" is no object");
  EXPECT_THAT(reason(R"({"id": "a\u0000", "name": "b", "version": "1", "commands": {}})"),
              HasSubstr("id holds a control character"));
  EXPECT_THAT(reason(""), testing::StartsWith("line 1: "));
}

}  // namespace
}  // namespace pulse2::package
