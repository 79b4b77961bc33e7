#include "config/ini.hpp"

#include <gmock/gmock.h>

namespace pulse2::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// The value of [s] name in a file that has this text below [s].
std::string value_of(const std::string& body, const std::string& name) {
  const IniFile file = parse_ini("[s]\n" + body);
  EXPECT_THAT(file.errors, IsEmpty());
  const auto value = file.sections.at(0).find(name);
  EXPECT_TRUE(value.has_value()) << body;
  return std::string(value.value_or("?"));
}

TEST(Ini, SeparatesByEqualsOrColon) {
  EXPECT_EQ(value_of("a = 1", "a"), "1");
  EXPECT_EQ(value_of("a:1", "a"), "1");
  EXPECT_EQ(value_of("a = x:y=z", "a"), "x:y=z");
  EXPECT_EQ(value_of("a : http://h:1/", "a"), "http://h:1/");
}

TEST(Ini, IgnoresTheCaseOfOptionsButNotOfSections) {
  EXPECT_EQ(value_of("Mount_Point = /x", "mount_point"), "/x");
  const IniFile file = parse_ini("[Main]\n[main]\n");
  ASSERT_EQ(file.sections.size(), 2U);
  EXPECT_EQ(file.sections[0].name, "Main");
}

TEST(Ini, SkipsCommentLines) {
  EXPECT_EQ(value_of("# x = 1\n; y = 2\nREM z\na = 1\n", "a"), "1");
}

TEST(Ini, StartsCommentsInsideValuesAtWhiteSpaceAndSemicolon) {
  EXPECT_EQ(value_of("a = 1 ; one", "a"), "1");
  EXPECT_EQ(value_of("a = 1\t; one", "a"), "1");
  EXPECT_EQ(value_of("a = p;q", "a"), "p;q");
  EXPECT_EQ(value_of("a = p;q ; r", "a"), "p;q");
  EXPECT_EQ(value_of("a = 1 # no comment", "a"), "1 # no comment");
  EXPECT_EQ(value_of("a = ; nothing", "a"), "");
  EXPECT_EQ(value_of("a =;b", "a"), ";b");
}

TEST(Ini, ContinuesValuesOnIndentedLines) {
  EXPECT_EQ(value_of("a = 1\n  2\n\t3\nb = 4", "a"), "1\n2\n3");
  EXPECT_EQ(value_of("a = 1\n\n  2", "a"), "1\n2");
  EXPECT_EQ(value_of("a = 1\n  ; remark\n  2 ; two", "a"), "1\n2");
}

TEST(Ini, ReadsTwoQuotesAsNothing) {
  EXPECT_EQ(value_of("a = \"\"", "a"), "");
}

TEST(Ini, AcceptsWindowsLineEndsAndByteOrderMark) {
  const IniFile file = parse_ini("\xEF\xBB\xBF[s]\r\na = 1\r\n");
  EXPECT_THAT(file.errors, IsEmpty());
  EXPECT_EQ(file.sections.at(0).find("a"), "1");
}

TEST(Ini, MergesSectionsAndReportsOptionsWrittenTwice) {
  const IniFile file = parse_ini("[s]\na = 1\n[t]\n[s]\na = 2\nb = 3\n");
  ASSERT_EQ(file.sections.size(), 2U);
  EXPECT_EQ(file.sections[0].find("a"), "2");
  EXPECT_EQ(file.sections[0].find("b"), "3");
  ASSERT_EQ(file.duplicates.size(), 1U);
  EXPECT_EQ(file.duplicates[0].first_line, 2);
  EXPECT_EQ(file.duplicates[0].line, 5);
}

TEST(Ini, ReportsEachLineItCannotUnderstandAndGoesOn) {
  const IniFile file = parse_ini("x = 1\n[s]\nno separator\n= 1\n[open\na = 1\n[t]\nb = 2\n");
  std::vector<int> lines;
  for (const auto& error : file.errors)
    lines.push_back(error.line);
  EXPECT_THAT(lines, ElementsAre(1, 3, 4, 5));
  EXPECT_EQ(file.sections.back().find("b"), "2");
}

class Interpolation : public testing::Test {
 protected:
  std::string expand(const std::string& value) {
    const auto result = interpolate(value, m_section, m_defaults);
    return result ? *result : "error: " + result.error().message;
  }

  RawSection m_section = {"s", 1, {{"root", "/srv", 2}, {"loop", "%(loop)s", 3}}};
  RawSection m_defaults = {"DEFAULT", 4, {{"base", "%(root)s/base", 5}, {"root", "/other", 6}}};
};

TEST_F(Interpolation, InsertsOptionsOfTheSectionThenOfTheDefaults) {
  EXPECT_EQ(expand("%(root)s/p1"), "/srv/p1");
  EXPECT_EQ(expand("%(ROOT)s/p1"), "/srv/p1");
  EXPECT_EQ(expand("%(base)s/p1"), "/srv/base/p1");
}

TEST_F(Interpolation, LeavesPercentSignsAloneWithoutInsertion) {
  EXPECT_EQ(expand("a%%b"), "a%%b");
  EXPECT_EQ(expand("100%"), "100%");
  EXPECT_EQ(expand("%%%(root)s"), "%/srv");
}

TEST_F(Interpolation, RefusesUnknownNamesLonePercentSignsAndCircles) {
  EXPECT_THAT(expand("%(nothing)s"), HasSubstr("there is no `nothing`"));
  EXPECT_THAT(expand("5% of %(root)s"), HasSubstr("%% for a percent sign"));
  EXPECT_THAT(expand("%(root)d"), HasSubstr("error"));
  EXPECT_THAT(expand("%(root"), HasSubstr("error"));
  EXPECT_THAT(expand("%(loop)s"), HasSubstr("10 deep"));
}

TEST_F(Interpolation, StopsBeforeValuesExplode) {
  m_section.options.push_back({"x0", std::string(1000, 'x'), 1});
  for (int i = 1; i < 9; ++i) {
    const std::string inner = "%(x" + std::to_string(i - 1) + ")s";
    std::string value;
    for (int n = 0; n < 10; ++n)
      value += inner;
    m_section.options.push_back({"x" + std::to_string(i), value, 1});
  }
  EXPECT_THAT(expand("%(x8)s"), HasSubstr("64 KiB"));
}

}  // namespace
}  // namespace pulse2::config
