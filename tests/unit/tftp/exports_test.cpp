#include "tftp/exports.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "temporary_folder.hpp"
#include "tftp/content.hpp"
#include "tftp/netascii.hpp"

namespace pulse2::tftp {
namespace {

using base::ErrorKind;
using std::string_literals::operator""s;

const std::vector<Export> k_exports = {
    {"bootmenus", "/srv/menus"}, {"masters", "/srv/masters"}, {"masters/special", "/mnt/special"}};

TEST(TftpExportsTest, TheLongestNameWins) {
  EXPECT_EQ(locate(k_exports, "masters/a/b")->folder, "/srv/masters");
  EXPECT_EQ(locate(k_exports, "masters/a/b")->path, "a/b");
  EXPECT_EQ(locate(k_exports, "masters/special/x")->folder, "/mnt/special");
  EXPECT_EQ(locate(k_exports, "masters/specialx")->folder, "/srv/masters");
}

TEST(TftpExportsTest, SlashesThatMeanNothingDoNotCount) {
  EXPECT_EQ(locate(k_exports, "//bootmenus///001122334455")->path, "001122334455");
}

TEST(TftpExportsTest, NothingElseIsFound) {
  for (const auto* name : {"", "/", "bootmenus", "bootmenus/", "/etc/passwd", "bootmenusx/a"}) {
    const auto location = locate(k_exports, name);
    ASSERT_FALSE(location) << name;
  }
  for (const auto& name : {"bootmenus/../masters/x"s, "bootmenus/./x"s, "../bootmenus/x"s,
                           "bootmenus\\x"s, "bootmenus/\x01"s, "bootmenus/\xFF"s}) {
    const auto location = locate(k_exports, name);
    ASSERT_FALSE(location) << name;
    EXPECT_EQ(location.error().kind, ErrorKind::permission_denied) << name;
  }
}

class TftpContentTest : public ::testing::Test {
 protected:
  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(m_folder.path() + "/" + name, std::ios::binary) << bytes;
  }
  [[nodiscard]] base::Expected<Content> open(const std::string& name, Mode mode = Mode::octet) {
    return open_content({m_folder.path(), name}, mode);
  }
  test::TemporaryFolder m_folder;
};

TEST_F(TftpContentTest, OpensRegularFilesOnly) {
  write("file", "12345");
  EXPECT_EQ(open("file")->size, 5U);
  EXPECT_EQ(open("missing").error().kind, ErrorKind::not_found);
  std::filesystem::create_directory(m_folder.path() + "/folder");
  EXPECT_EQ(open("folder").error().kind, ErrorKind::permission_denied);
  ASSERT_EQ(::mkfifo((m_folder.path() + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(open("pipe").error().kind, ErrorKind::permission_denied);
}

TEST_F(TftpContentTest, LinksDoNotLeaveTheFolder) {
  std::filesystem::create_symlink("/etc/hostname", m_folder.path() + "/out");
  EXPECT_EQ(open("out").error().kind, ErrorKind::permission_denied);
  write("file", "12345");
  std::filesystem::create_symlink("file", m_folder.path() + "/in");
  EXPECT_EQ(open("in")->size, 5U);
}

TEST_F(TftpContentTest, TextIsConvertedAsAWhole) {
  write("text", "a\nb\r\n");
  const auto content = open("text", Mode::netascii);
  EXPECT_EQ(*content->prepared, "a\r\nb\r\0\r\n"s);
  EXPECT_EQ(content->size, 8U);
  std::filesystem::resize_file(m_folder.path() + "/text", k_largest_text + 1);
  EXPECT_EQ(open("text", Mode::netascii).error().kind, ErrorKind::limit_exceeded);
  EXPECT_EQ(open("text")->size, k_largest_text + 1);
}

}  // namespace
}  // namespace pulse2::tftp
