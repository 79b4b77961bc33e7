#include "package/md5sums.hpp"

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "package/file_id.hpp"

namespace pulse2::package {
namespace {

const std::string k_sum = "9dd4e461268c8034f5c8564e155c67a6";  // of "x"

std::string reason(std::string_view text) {
  const auto lines = parse_md5sums(text);
  return lines ? "parsed" : lines.error().message;
}

/// Contract 04's check: install.bat with 20 bytes in the package folder `test`.
TEST(FileId, IsTheContractsCheckVector) {
  const std::string content_md5 = base::md5_hex("I can't be installed");
  EXPECT_EQ(file_id("/test", "install.bat", content_md5), "7885517b39317add6a1d362968b01774");
  const std::string sums = format_md5sums({{content_md5, "install.bat"}});
  EXPECT_EQ(file_id("/test", "MD5SUMS", base::md5_hex(sums)), "5d3ff03e396aa072f5cae2b2ddcd88b9");
  EXPECT_EQ(sums.size() + 20, 66U);
}

TEST(Md5Sums, SortsByTheBytesOfThePaths) {
  EXPECT_EQ(format_md5sums({{k_sum, "a/b"}, {k_sum, "é"}, {k_sum, "a b"}, {k_sum, "B"}}),
            k_sum + "  B\n" + k_sum + "  a b\n" + k_sum + "  a/b\n" + k_sum + "  é\n");
}

TEST(Md5Sums, AnEmptyListIsAnEmptyText) {
  EXPECT_EQ(format_md5sums({}), "");
  EXPECT_EQ(parse_md5sums("")->size(), 0U);
}

/// What `md5sum` of coreutils prints for such names.
TEST(Md5Sums, EscapesLikeMd5sum) {
  const std::vector<Md5Line> lines = {{k_sum, "a\\b"}, {k_sum, "c\rr"}, {k_sum, "n\nl"}};
  const std::string text =
      "\\" + k_sum + "  a\\\\b\n" + "\\" + k_sum + "  c\\rr\n" + "\\" + k_sum + "  n\\nl\n";
  EXPECT_EQ(format_md5sums(lines), text);
  EXPECT_EQ(parse_md5sums(text).value(), lines);
}

TEST(Md5Sums, ReadsWhatOtherToolsWrite) {
  const std::vector<Md5Line> lines = {{k_sum, "setup.exe"}, {k_sum, "sub/a b.txt"}};
  EXPECT_EQ(
      parse_md5sums("9DD4E461268C8034F5C8564E155C67A6 *setup.exe\r\n" + k_sum + "  ./sub/a b.txt")
          .value(),
      lines);
}

TEST(Md5Sums, NamesTheLineThatIsWrong) {
  EXPECT_EQ(reason(k_sum + "  a\nabc  b\n"), "line 2: no MD5 sum of 32 hexadecimal digits");
  EXPECT_EQ(reason(k_sum + "_ a\n"), "line 1: no two blanks behind the sum");
  EXPECT_EQ(reason(k_sum + "  \n"), "line 1: no file name");
  EXPECT_EQ(reason("\\" + k_sum + "  a\\x\n"), "line 1: an unknown escape in the file name");
  EXPECT_EQ(reason("\\" + k_sum + "  a\\\n"), "line 1: an unknown escape in the file name");
}

}  // namespace
}  // namespace pulse2::package
