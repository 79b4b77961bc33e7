#include "mirroring/output.hpp"

#include <gmock/gmock.h>

namespace pulse2::mirroring {
namespace {

using testing::ElementsAre;

Output output_of(std::string_view text) {
  Output output;
  output.add(text);
  output.finish();
  return output;
}

TEST(Output, KeepsTheLastLines) {
  Output output;
  for (int i = 0; i < 1000; ++i)
    output.add("line " + std::to_string(i) + "\n");
  output.add("the end");
  output.finish();
  EXPECT_EQ("line 995; line 996; line 997; line 998; line 999; the end", output.last_lines());
}

TEST(Output, LinesMayComeInPieces) {
  Output output;
  for (const char c : std::string("one\ntwo\r\n\nthree"))
    output.add(std::string_view(&c, 1));
  output.finish();
  EXPECT_EQ("one; two; three", output.last_lines());
}

TEST(Output, EndlessLinesAndControlCharactersDoNoHarm) {
  Output output;
  for (int i = 0; i < 1000; ++i)
    output.add(std::string(10'000, 'x'));
  output.add("\nbell \a\x1b[2J");
  output.finish();
  EXPECT_LT(output.last_lines().size(), 500U);
  EXPECT_EQ(std::string::npos, output.last_lines().find('\x1b'));
}

// Lines that rsync 3.5 wrote for a file with another content, one missing there, one that only the
// target has, a missing folder, and for differences in times and rights.
TEST(Output, CountsDifferencesInContent) {
  const auto output = output_of(
      ">fc........ b/sub/g\n"
      ">fc.t...... b/with blank\n"
      "<f+++++++++ b/new\n"
      "*deleting   a/only-on-target\n"
      "cd+++++++++ b/folder/\n"
      "cL+++++++++ b/link -> g\n"
      ".d..t...... a/\n"
      ".f..t...... b/old\n"
      ".f...p..... b/rights\n");
  EXPECT_EQ(6U, output.differences());
  EXPECT_THAT(output.first_differences(),
              ElementsAre("b/sub/g", "b/with blank", "b/new", "a/only-on-target", "b/folder/"));
}

TEST(Output, OtherLinesAreNoDifferences) {
  EXPECT_EQ(0U, output_of("sending incremental file list\n").differences());
  EXPECT_EQ(0U, output_of("cannot stat x\n").differences());
  EXPECT_EQ(0U, output_of("rsync: [Receiver] mkdir failed\n<f\n> \n").differences());
}

TEST(Output, TellsOfAFullDisk) {
  EXPECT_TRUE(output_of("rsync: [receiver] write failed on \"x\": No space left on device (28)\n"
                        "rsync error: error in file IO (code 11) at receiver.c(380)\n")
                  .tells_of_full_disk());
  EXPECT_FALSE(output_of("rsync: [Receiver] mkdir \"/x\" failed: No such file or directory (2)\n")
                   .tells_of_full_disk());
}

}  // namespace
}  // namespace pulse2::mirroring
