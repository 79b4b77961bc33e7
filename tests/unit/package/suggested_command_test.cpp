#include "package/suggested_command.hpp"

#include <gtest/gtest.h>

#include "package/ole_summary.hpp"
#include "sample_installers.hpp"

namespace pulse2::package {
namespace {

using test::CompoundDocument;
using test::installer;
using test::manifest;
using test::pe_program;
using test::summary_stream;

constexpr unsigned k_installer = 0x84;
constexpr unsigned k_patch = 0x86;
constexpr const char* k_summary = "\x05SummaryInformation";

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
  EXPECT_EQ(suggestion("sh", "hello"), "none");
}

TEST(SuggestedCommand, KnowsProgramsByTheirManifest) {
  const std::string inno = manifest("JR.Inno.Setup");
  const std::string nsis = manifest("Nullsoft.NSIS.exehead");
  EXPECT_EQ(suggestion("s.exe", pe_program(inno)), "./\"s.exe\" /SP /VERYSILENT /NORESTART");
  EXPECT_EQ(suggestion("s.exe", pe_program(inno, {}, true)),
            "./\"s.exe\" /SP /VERYSILENT /NORESTART");
  EXPECT_EQ(suggestion("no suffix", pe_program(nsis)), "./\"no suffix\" /S");
  EXPECT_EQ(suggestion("r.exe", pe_program(manifest("AdobeSelfExtractorApp"))),
            "./\"r.exe\" /sAll");
  EXPECT_EQ(suggestion("r.exe", pe_program(manifest("Some.Program"))), "none");
}

TEST(SuggestedCommand, UpdatesAnAgentButNotItsPlugin) {
  const std::string nsis = pe_program(manifest("Nullsoft.NSIS.exehead"));
  EXPECT_EQ(suggestion("pulse2-secure-agent-1.exe", nsis),
            "./\"pulse2-secure-agent-1.exe\" /S /UPDATE");
  EXPECT_EQ(suggestion("pulse2-secure-agent-plugin-1.exe", nsis),
            "./\"pulse2-secure-agent-plugin-1.exe\" /S");
  EXPECT_EQ(suggestion("my-pulse2-secure-agent-1.exe", nsis),
            "./\"my-pulse2-secure-agent-1.exe\" /S");
}

TEST(SuggestedCommand, KnowsASelfExtractorThatHoldsMozilla) {
  const std::string stub = test::utf16("OriginalFilename") + test::utf16("7zS.sfx.exe");
  const std::string settings = ";!@Install@!UTF-8!\nTitle=\"Mozilla Firefox\"\n;!@InstallEnd@!7z";
  EXPECT_EQ(suggestion("f.exe", pe_program(stub, settings)), "./\"f.exe\" -ms");
  EXPECT_EQ(suggestion("f.exe", pe_program(stub + test::utf16("Mozilla"))), "./\"f.exe\" -ms");
  EXPECT_EQ(suggestion("f.exe", pe_program(stub, "7z other")), "none");
}

TEST(SuggestedCommand, DoesNotTakeAProgramForWhatItCarries) {
  EXPECT_EQ(
      suggestion("unpacker.exe", pe_program(manifest("Some.Unpacker"), manifest("JR.Inno.Setup"))),
      "none");
}

TEST(SuggestedCommand, FindsResourcesBehindManyMegabytes) {
  // The resources of this one stand at the end, where reading from the start would not come.
  std::string program = pe_program(std::string(512, ' '));
  const std::string resources = manifest("JR.Inno.Setup");
  constexpr std::size_t k_far = 12U << 20U;
  const std::size_t section = 128 + 24 + 224 + 40;
  test::put_number(program, section + 20, k_far, 4);
  program.resize(k_far);
  program += resources + std::string(512 - resources.size(), '\0');
  EXPECT_EQ(suggestion("s.exe", program), "./\"s.exe\" /SP /VERYSILENT /NORESTART");
}

TEST(SuggestedCommand, FindsAMarkAcrossTwoReads) {
  const std::string resources = std::string((1U << 20U) - 8, 'x') + "JR.Inno.Setup";
  EXPECT_EQ(suggestion("s.exe", pe_program(resources)), "./\"s.exe\" /SP /VERYSILENT /NORESTART");
}

TEST(SuggestedCommand, SearchesAProgramWithoutAResourceSection) {
  EXPECT_EQ(suggestion("s.exe", "MZ" + manifest("JR.Inno.Setup")),
            "./\"s.exe\" /SP /VERYSILENT /NORESTART");
}

TEST(SuggestedCommand, SurvivesBrokenPrograms) {
  const std::string good = pe_program(manifest("JR.Inno.Setup"), {}, true);
  for (std::size_t size = 0; size < 512; ++size) {
    EXPECT_NO_THROW(static_cast<void>(suggestion("s.exe", good.substr(0, size))));
    std::string broken = good;
    broken[size] = '\xff';
    EXPECT_NO_THROW(static_cast<void>(suggestion("s.exe", broken)));
  }
}

TEST(SuggestedCommand, InstallsADatabase) {
  const std::string end = " ALLUSERS=1 CREATEDESKTOPLINK=0 ISCHECKFORPRODUCTUPDATES=0";
  EXPECT_EQ(suggestion("a.msi", installer(k_installer, "Intel;1033")),
            "msiexec /qn /i \"a.msi\"" + end);
  EXPECT_EQ(suggestion("a.msi", installer(k_installer, "x64;1033")),
            "$(cygpath -W)/sysnative/msiexec /qn /i \"a.msi\"" + end);
  EXPECT_EQ(suggestion("renamed.bin", installer(k_installer, "Intel;1033")),
            "msiexec /qn /i \"renamed.bin\"" + end);
}

TEST(SuggestedCommand, AppliesAPatch) {
  const std::string end = " /qb REINSTALLMODE=\"ecmus\" REINSTALL=\"ALL\"";
  EXPECT_EQ(suggestion("a.msp", installer(k_patch, "Intel;1033")), "msiexec /p \"a.msp\"" + end);
  EXPECT_EQ(suggestion("a.msp", installer(k_patch, "x64;1033")),
            "$(cygpath -W)/sysnative/msiexec /p \"a.msp\"" + end);
}

TEST(SuggestedCommand, GoesByTheSuffixOfADocumentWithoutAClass) {
  EXPECT_EQ(suggestion("a.MSI", installer(0, "Intel;1033")).substr(0, 15), "msiexec /qn /i ");
  EXPECT_EQ(suggestion("a.msp", installer(0, "Intel;1033")).substr(0, 11), "msiexec /p ");
  EXPECT_EQ(suggestion("letter.doc", installer(0, "Normal.dot")), "none");
  EXPECT_EQ(suggestion("a.msi", "no database"), "none");
}

TEST(OleSummary, IsReadFromEitherVersionAndEitherKindOfStream) {
  for (const std::size_t sector : {std::size_t{512}, std::size_t{4096}}) {
    for (const std::size_t least : {std::size_t{0}, std::size_t{5000}}) {
      CompoundDocument document(k_installer, sector);
      // Many streams before it: chains of several sectors in the directory and the mini stream.
      for (int i = 0; i < 300; ++i)
        document.add("stream" + std::to_string(i), std::string(1000, 'x'));
      document.add("large", std::string(100'000, 'x'));
      document.add(k_summary, summary_stream("x64;1036", least));
      const auto summary = read_ole_summary(bytes_of(document.file()));
      ASSERT_TRUE(summary);
      EXPECT_EQ(summary->kind, OleSummary::Kind::installer);
      EXPECT_EQ(summary->template_text, "x64;1036") << sector << " " << least;
    }
  }
}

TEST(OleSummary, SurvivesBrokenDocuments) {
  const std::string magic = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
  for (const char fill : {'\0', '\x01', '\x7f', '\xff'}) {
    for (const std::size_t size : {std::size_t{8}, std::size_t{512}, std::size_t{5000}}) {
      const std::string content = magic + std::string(size, fill);
      EXPECT_NO_THROW(static_cast<void>(suggestion("x.msi", content)));
    }
  }
  const std::string good = installer(k_installer, "x64;1033");
  for (std::size_t at = 8; at < good.size(); ++at) {
    std::string broken = good;
    broken[at] = static_cast<char>(broken[at] ^ 0x81);
    EXPECT_NO_THROW(static_cast<void>(suggestion("x.msi", broken)));
    EXPECT_NO_THROW(static_cast<void>(suggestion("x.msi", good.substr(0, at))));
  }
}

TEST(OleSummary, ReadsLittleWhateverTheTablesSay) {
  // Every sector of this terabyte names the same far one, so that all chains are endless.
  const std::string header = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(504, '\x7f');
  std::size_t reads = 0;
  const auto read = [&](std::uint64_t offset, std::size_t size) {
    ++reads;
    return offset == 0 ? header.substr(0, size) : std::string(size, '\x7f');
  };
  EXPECT_TRUE(read_ole_summary({std::uint64_t{1} << 40U, read}));
  EXPECT_LT(reads, 200'000U);
}

TEST(SuggestedCommand, KeepsAHostileNameBetweenItsQuotes) {
  EXPECT_EQ(suggestion("a\"$(x)`y`.sh", ""), "./\"a\\\"\\$(x)\\`y\\`.sh\"");
}

}  // namespace
}  // namespace pulse2::package
