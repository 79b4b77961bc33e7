#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "package/conf_xml.hpp"
#include "test_data.hpp"

namespace pulse2::package {
namespace {

using testing::HasSubstr;
using testing::Not;

/// The package that the recorded console sent.
Package sent_package() {
  Package package;
  package.id = "0a1b2c3d-0000-11e3-8888-000000000001";
  package.label = "Nouveau paquet été & <co>";
  package.version = "1.2.3";
  package.description = "Desc € \"q\" 's'\nline2";
  package.pre_command = {"p", "echo pre && true"};
  package.command = {"cé", "./setup.exe /S > out.txt \"a b\""};
  package.post_command_success = {"ok", ""};
  package.post_command_failure = {"", "echo échec"};
  return package;
}

TEST(ConfXmlWrite, WritesTheRecordedBytes) {
  EXPECT_EQ(write_conf_xml(sent_package()), test_data("written/created.xml"));
}

TEST(ConfXmlWrite, WritesTheRecordedBytesOfAnEdit) {
  Package package = sent_package();
  package.label = "Renamed";
  package.version = "1.2.4";
  package.licenses = "5";
  package.reboot = "1";
  package.associateinventory = "1";
  package.q_vendor = "V";
  package.q_software = "S";
  package.q_version = "1%";
  package.boolcnd = "a & b";
  EXPECT_EQ(write_conf_xml(package), test_data("written/edited.xml"));
}

TEST(ConfXmlWrite, WritesTheRecordedBytesOfAnEmptyPackage) {
  Package package;
  package.id = "0a1b2c3d-0000-11e3-8888-000000000003";
  package.label = "NoLicense";
  package.version = "2";
  EXPECT_EQ(write_conf_xml(package), test_data("written/no_commands.xml"));
}

TEST(ConfXmlWrite, EscapesAsRecorded) {
  Package package = sent_package();
  package.id = "0a1b2c3d-0000-11e3-8888-000000000004";
  package.command = {"a\"<>&'", "l1\nl2\ttab\nl3 ]]>"};
  EXPECT_EQ(write_conf_xml(package), test_data("written/escaping.xml"));
}

TEST(ConfXmlWrite, ReadsBackTheSame) {
  Package package = sent_package();
  package.reboot = "1";
  package.associateinventory = "0";
  package.command = {"two\nlines\t", "a\r\nb ]]> <![CDATA[ &amp;"};
  package.sub_packages = {{"other", "a < b"}, {"third", ""}};
  package.entity_id = "7";
  EXPECT_EQ(parse_conf_xml(write_conf_xml(package)).value(), package);
}

TEST(ConfXmlWrite, HasNoFilesAndNoEmptyExtensions) {
  const std::string xml =
      "<package id='p'><name/><version><label>1</label></version><commands/>"
      "<files><file>a</file></files><sub_packages/><entity_id/></package>";
  const std::string written = write_conf_xml(parse_conf_xml(xml).value());
  const std::string body = written.substr(written.find("<package id"));
  EXPECT_THAT(body, Not(HasSubstr("file")));
  EXPECT_THAT(body, Not(HasSubstr("sub_packages")));
  EXPECT_THAT(body, Not(HasSubstr("entity_id")));
}

TEST(ConfXmlWrite, UnknownElementsAndAttributesSurviveAnEdit) {
  Package package =
      parse_conf_xml(
          "<package id='p' colour='r&amp;d'><name lang='fr'>n</name><name>second</name>"
          "<version><label>1</label><epoch>2</epoch></version>"
          "<commands retries='3'><command name='c' timeout='9'>x</command><undo>y &lt; z</undo>"
          "</commands><sub_packages><package pid='a' condition='' os='w'/></sub_packages>"
          "<ours a='1'>text <b/> more<![CDATA[<raw>]]></ours></package>")
          .value();
  package.label = "renamed";
  const std::string written = write_conf_xml(package);
  for (const char* kept :
       {"<package id=\"p\" colour=\"r&amp;d\">", "<name lang=\"fr\">renamed</name>",
        "\n\t<name>second</name>\n", "\n\t\t<epoch>2</epoch>\n",
        "<commands reboot=\"0\" retries=\"3\">", "<command name=\"c\" timeout=\"9\">x</command>",
        "\n\t\t<undo>y &lt; z</undo>\n", "<package pid=\"a\" condition=\"\" os=\"w\"/>",
        "\t</query>\n\t<sub_packages>"}) {
    EXPECT_THAT(written, HasSubstr(kept));
  }
  EXPECT_THAT(written, testing::EndsWith("\t<ours a=\"1\">text <b/> more<![CDATA[<raw>]]></ours>\n"
                                         "</package>\n"));
  const Package again = parse_conf_xml(written).value();
  EXPECT_EQ(again.extras, package.extras);
  EXPECT_EQ(write_conf_xml(again), written);
}

TEST(CheckTexts, NamesTheMemberThatCannotBeWritten) {
  Package package = sent_package();
  EXPECT_TRUE(check_texts(package).has_value());
  package.command.command = std::string("a\0b", 3);
  EXPECT_THAT(check_texts(package).error().message, HasSubstr("command holds"));
  package = sent_package();
  package.description = "\xE9";
  EXPECT_EQ(check_texts(package).error().kind, base::ErrorKind::invalid_argument);
  package = sent_package();
  package.id.clear();
  EXPECT_EQ(check_texts(package).error().message, "id is empty");
}

}  // namespace
}  // namespace pulse2::package
