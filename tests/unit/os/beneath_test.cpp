#include "os/beneath.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "os/file.hpp"
#include "temporary_folder.hpp"

namespace pulse2::os {
namespace {

using base::ErrorKind;
namespace fs = std::filesystem;

class BeneathTest : public testing::Test {
 protected:
  BeneathTest() {
    m_folder.write("root/sub/file", "inside");
    m_folder.write("outside/secret", "secret");
    m_folder.write("root2/file", "neighbour");
  }

  Root open(const std::vector<std::string>& follow = {}) {
    return std::move(Root::open(m_folder / "root", follow)).value();
  }
  /// The content, or the error's kind as a negative digit would be unreadable: its name.
  static std::string content(const Root& root, std::string_view path) {
    auto fd = root.open_beneath(path);
    if (!fd) return std::string(base::name_of(fd.error().kind));
    return read_file(fd->get(), 1000, path).value();
  }

  test::TemporaryFolder m_folder;
};

TEST_F(BeneathTest, opens_what_is_inside) {
  const Root root = open();
  EXPECT_EQ(content(root, "sub/file"), "inside");
  EXPECT_TRUE(root.open_beneath("", O_RDONLY | O_DIRECTORY));
  EXPECT_EQ(content(root, "sub/none"), "not_found");
}

TEST_F(BeneathTest, refuses_every_textual_way_out) {
  const Root root = open();
  const std::string absolute = m_folder / "root/sub/file";
  for (const std::string path : {"..", "../outside/secret", "sub/../../outside/secret",
                                 "sub/../sub/file", absolute.c_str(), "/"}) {
    EXPECT_EQ(content(root, path), "permission_denied") << path;
  }
  EXPECT_EQ(content(root, std::string_view("sub/file\0x", 10)), "permission_denied");
}

TEST_F(BeneathTest, follows_links_that_stay_inside) {
  fs::create_symlink("sub/file", m_folder / "root/relative");
  fs::create_symlink(m_folder / "root/sub/file", m_folder / "root/absolute");
  fs::create_symlink("../sub", m_folder / "root/sub/up");
  fs::create_symlink(m_folder / "root/sub", m_folder / "root/folder");
  const Root root = open();
  EXPECT_EQ(content(root, "relative"), "inside");
  EXPECT_EQ(content(root, "absolute"), "inside");
  EXPECT_EQ(content(root, "sub/up/file"), "inside");
  EXPECT_EQ(content(root, "folder/file"), "inside");
}

TEST_F(BeneathTest, refuses_links_that_lead_out) {
  fs::create_symlink("../outside/secret", m_folder / "root/relative");
  fs::create_symlink(m_folder / "outside/secret", m_folder / "root/absolute");
  fs::create_symlink(m_folder / "outside", m_folder / "root/folder");
  // A neighbour whose name begins like the root's.
  fs::create_symlink(m_folder / "root2/file", m_folder / "root/neighbour");
  fs::create_symlink("loop", m_folder / "root/loop");
  const Root root = open();
  for (const auto* path : {"relative", "absolute", "folder/secret", "neighbour"}) {
    EXPECT_EQ(content(root, path), "permission_denied") << path;
  }
  EXPECT_FALSE(root.open_beneath("loop"));
}

TEST_F(BeneathTest, follows_links_to_named_folders) {
  fs::create_symlink(m_folder / "outside/secret", m_folder / "root/link");
  fs::create_symlink(m_folder / "root2/file", m_folder / "root/other");
  const Root root = open({m_folder / "outside"});
  EXPECT_EQ(content(root, "link"), "secret");
  EXPECT_EQ(content(root, "other"), "permission_denied");
}

TEST_F(BeneathTest, stays_in_the_folder_that_was_opened) {
  const Root root = open();
  fs::rename(m_folder / "root", m_folder / "moved");
  EXPECT_EQ(content(root, "sub/file"), "inside");
}

TEST(Root, needs_a_folder) {
  const test::TemporaryFolder folder;
  folder.write("file", "");
  EXPECT_FALSE(Root::open(folder / "file"));
  EXPECT_FALSE(Root::open(folder / "none"));
  EXPECT_EQ(Root::open(folder.path() + "//")->path(), folder.path());
}

}  // namespace
}  // namespace pulse2::os
