#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "package/conf_xml.hpp"
#include "test_data.hpp"

namespace pulse2::package {
namespace {

using testing::HasSubstr;

Package parse(std::string_view xml) {
  auto package = parse_conf_xml(xml);
  if (!package) throw std::runtime_error(package.error().message);
  return *std::move(package);
}

std::string reason(std::string_view xml) {
  const auto package = parse_conf_xml(xml);
  if (package) return "parsed";
  EXPECT_EQ(package.error().kind, base::ErrorKind::malformed);
  return package.error().message;
}

/// A package whose name is this XML.
std::string named(const std::string& name, const std::string& prologue = "") {
  return prologue + "<package id=\"p\"><name>" + name +
         "</name><version><label>1</label></version><commands/></package>";
}

TEST(ConfXmlRead, ReadsEveryMember) {
  const Package package = parse(test_data("inv.xml"));
  EXPECT_EQ(package.id, "inv");
  EXPECT_EQ(package.label, "Inventory");
  EXPECT_EQ(package.version, "6.1");
  EXPECT_EQ(package.description, "With inventory");
  EXPECT_EQ(package.licenses, "12");
  EXPECT_EQ(package.reboot, "1");
  EXPECT_EQ(package.associateinventory, "1");
  EXPECT_EQ(package.q_vendor, "Mozilla");
  EXPECT_EQ(package.q_software, "Firefox%");
  EXPECT_EQ(package.q_version, "26.0");
  EXPECT_EQ(package.boolcnd, "true");
  EXPECT_EQ(package.command, (Command{"setup", "setup.exe /S"}));
  EXPECT_EQ(package.pre_command, Command{});
}

TEST(ConfXmlRead, ReadsAllCommandsAndKeepsInnerLineBreaks) {
  const Package package = parse(test_data("multi.xml"));
  EXPECT_EQ(package.pre_command, (Command{"pre", "echo pre"}));
  EXPECT_EQ(package.install_init, (Command{"init", "echo init"}));
  EXPECT_EQ(package.command, (Command{"cmd", "sh setup.sh\nsh second.sh"}));
  EXPECT_EQ(package.post_command_success, (Command{"ok", "echo ok"}));
  EXPECT_EQ(package.post_command_failure, (Command{"ko", "echo ko"}));
  EXPECT_EQ(package.reboot, "0");
  EXPECT_EQ(package.associateinventory, std::nullopt);
}

TEST(ConfXmlRead, JoinsTextAndCdata) {
  const Package package = parse(test_data("cdata.xml"));
  EXPECT_EQ(package.label, "CDATA & entities <pkg>");
  EXPECT_EQ(package.version, "4.0");
  EXPECT_EQ(package.description, "if (a < b && c > d) \"quoted\" 'single'");
  EXPECT_EQ(package.pre_command, (Command{"a\"b", "echo \"x\" && echo 'y' é €"}));
  EXPECT_EQ(package.command.command,
            "if [ 1 -lt 2 ] && [ 3 -gt 2 ]; then\n\techo \"<ok>\" > out.txt\nfi");
  EXPECT_EQ(package.post_command_success.command, "text <mixed> tail");
  EXPECT_EQ(package.post_command_failure, (Command{"only", ""}));
}

TEST(ConfXmlRead, AnEmptyVersionReadsAsZero) {
  EXPECT_EQ(parse(test_data("nofile.xml")).version, "0");
}

TEST(ConfXmlRead, AcceptsADoctypeAndCommentsBeforeTheRoot) {
  EXPECT_EQ(parse(test_data("accents.xml")).label, "Éditeur de données «été»");
  EXPECT_EQ(parse(test_data("test.xml")).version, "2.0.0.9");
  EXPECT_EQ(parse(test_data("written/edited.xml")).label, "Renamed");
}

TEST(ConfXmlRead, ConvertsDeclaredEncodings) {
  const Package latin1 = parse(test_data("latin1.xml"));
  EXPECT_EQ(latin1.id, "other-id");
  EXPECT_EQ(latin1.label, "café latin1");
  EXPECT_EQ(latin1.reboot, std::nullopt);
  EXPECT_EQ(parse(named("\x80", "<?xml version='1.0' encoding='windows-1252'?>")).label, "€");
  EXPECT_EQ(parse("\xEF\xBB\xBF" + named("é")).label, "é");
}

TEST(ConfXmlRead, ConvertsUtf16) {
  std::string utf16 = "\xFF\xFE";
  for (const char c : named("&#233;"))
    (utf16 += c) += '\0';
  EXPECT_EQ(parse(utf16).label, "é");
}

TEST(ConfXmlRead, ReadsSubPackagesAndEntity) {
  const Package package = parse(
      "<package id='p'><name/><version><label>1</label></version><commands/><sub_packages>"
      "<package pid='a' condition='x'/><package pid='b'/></sub_packages>"
      "<entity_id>3</entity_id></package>");
  EXPECT_EQ(package.sub_packages, (std::vector<SubPackage>{{"a", "x"}, {"b", ""}}));
  EXPECT_EQ(package.entity_id, "3");
  EXPECT_EQ(package.extras, Extras{});
}

TEST(ConfXmlRead, ExpandsInternalEntitiesOnly) {
  const std::string doctype =
      "<!DOCTYPE package [<!ENTITY who \"a &amp; b\"><!ENTITY twice '&who;, &who;'>"
      "<!ENTITY file SYSTEM 'file:///etc/hostname'>]>";
  EXPECT_EQ(parse(named("&twice;|&file;|", doctype)).label, "a & b, a & b||");
}

TEST(ConfXmlRead, RefusesEntitiesThatExpandTooFar) {
  std::string doctype = "<!DOCTYPE package [<!ENTITY e0 'aaaaaaaaaaaaaaaaaaaa'>";
  for (int i = 1; i < 10; ++i) {
    const std::string below = "&e" + std::to_string(i - 1) + ";";
    doctype += "<!ENTITY e" + std::to_string(i) + " '";
    for (int n = 0; n < 10; ++n)
      doctype += below;
    doctype += "'>";
  }
  EXPECT_THAT(reason(named("&e9;", doctype + "]>")), HasSubstr("expand too far"));
  EXPECT_THAT(reason(named("&a;", "<!DOCTYPE package [<!ENTITY a '&a;'>]>")),
              HasSubstr("expand too far"));
}

TEST(ConfXmlRead, RefusesWhatIsNotWellFormed) {
  EXPECT_THAT(reason(test_data("broken.xml")), testing::StartsWith("line "));
  EXPECT_THAT(reason("<package id='a' id='b'/>"), HasSubstr("two attributes of the same name"));
  EXPECT_THAT(reason(named("\xE9")), HasSubstr("line 1: bytes that are not UTF-8"));
  EXPECT_THAT(reason("<!-- -->\n" + named("\x01")), HasSubstr("line 2: a character"));
  EXPECT_THAT(reason(named("&#0;")), HasSubstr("no character of XML"));
  EXPECT_THAT(reason(named("&unknown;")), HasSubstr("undeclared entity &unknown;"));
  EXPECT_THAT(reason(named("a & b")), HasSubstr("begins no reference"));
  EXPECT_THAT(reason(named("n") + "\njunk"), HasSubstr("outside of the root"));
  EXPECT_THAT(reason(named("n") + "\n" + named("n")), "line 2: a second root element");
  EXPECT_THAT(reason("<!DOCTYPE package [\n"), HasSubstr("internal subset without an end"));
  EXPECT_THAT(reason(named("n", "<?xml version='1.0' encoding='no-such'?>")),
              HasSubstr("unknown encoding"));
  EXPECT_EQ(reason(""), "line 1: no root element");
}

TEST(ConfXmlRead, NamesTheMandatoryElementThatIsMissing) {
  const std::string version = "<version><label>1</label></version>";
  EXPECT_EQ(reason("<packages/>"), "line 1: the root element is not \"package\"");
  EXPECT_EQ(reason("\n<package><name/></package>"), "line 2: no id in \"package\"");
  EXPECT_EQ(reason("<package id='p'>" + version + "<commands/></package>"),
            "line 1: no element \"name\" in \"package\"");
  EXPECT_EQ(reason("<package id='p'><name/><commands/></package>"),
            "line 1: no element \"version\" in \"package\"");
  EXPECT_EQ(reason("<package id='p'><name/>\n<version/><commands/></package>"),
            "line 2: no element \"label\" in \"version\"");
  EXPECT_EQ(reason("<package id='p'><name/>" + version + "</package>"),
            "line 1: no element \"commands\" in \"package\"");
}

}  // namespace
}  // namespace pulse2::package
