#include "api/suggested_command.hpp"

#include <gtest/gtest.h>

#include "api/ole_template.hpp"

namespace pulse2::api {
namespace {

FileBytes bytes_of(const std::string& content) {
  return {content.size(), [content](std::uint64_t offset, std::size_t size) {
            return offset >= content.size()
                       ? std::string()
                       : content.substr(static_cast<std::size_t>(offset), size);
          }};
}

std::string suggestion(std::string_view name, const std::string& content) {
  return suggest_command(name, bytes_of(content)).value_or("none");
}

TEST(SuggestedCommand, KnowsScriptsByTheirSuffix) {
  EXPECT_EQ(suggestion("a.reg", ""), "regedit /s \"a.reg\"");
  EXPECT_EQ(suggestion("b.BAT", ""), "cmd.exe /c \"b.BAT\"");
  EXPECT_EQ(suggestion("c d.sh", ""), "./\"c d.sh\"");
  EXPECT_EQ(suggestion("read.me", "hello"), "none");
}

TEST(SuggestedCommand, KnowsProgramsByTheirManifest) {
  EXPECT_EQ(suggestion("s.exe", "MZ JR.Inno.Setup"), "./\"s.exe\" /SP /VERYSILENT /NORESTART");
  EXPECT_EQ(suggestion("s.exe", "MZ Nullsoft.NSIS.exehead"), "./\"s.exe\" /S");
  EXPECT_EQ(suggestion("pulse2-secure-agent-1.exe", "MZ Nullsoft.NSIS.exehead"),
            "./\"pulse2-secure-agent-1.exe\" /S /UPDATE");
  EXPECT_EQ(suggestion("pulse2-secure-agent-plugin-1.exe", "MZ Nullsoft.NSIS.exehead"),
            "./\"pulse2-secure-agent-plugin-1.exe\" /S");
  EXPECT_EQ(suggestion("f.exe", "MZ 7zS.sfx.exe Mozilla"), "./\"f.exe\" -ms");
  EXPECT_EQ(suggestion("f.exe", "MZ 7zS.sfx.exe"), "none");
  EXPECT_EQ(suggestion("r.exe", "MZ AdobeSelfExtractorApp"), "./\"r.exe\" /sAll");
}

TEST(SuggestedCommand, FindsAMarkAcrossTwoReads) {
  const std::string content = "MZ" + std::string((1U << 20U) - 8, 'x') + "JR.Inno.Setup";
  EXPECT_EQ(suggestion("s.exe", content), "./\"s.exe\" /SP /VERYSILENT /NORESTART");
}

TEST(SuggestedCommand, KeepsAHostileNameBetweenItsQuotes) {
  EXPECT_EQ(suggestion("a\"$(x)`y`.sh", ""), "./\"a\\\"\\$(x)\\`y\\`.sh\"");
}

TEST(SuggestedCommand, SurvivesABrokenCompoundDocument) {
  const std::string magic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
  for (const char fill : {'\0', '\x01', '\x7f', '\xff'}) {
    for (const std::size_t size : {std::size_t{8}, std::size_t{512}, std::size_t{5000}}) {
      const std::string content = magic + std::string(size, fill);
      EXPECT_NO_THROW(static_cast<void>(suggestion("x.msi", content)));
    }
  }
}

}  // namespace
}  // namespace pulse2::api
