#include "os/file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "os/mapped_file.hpp"
#include "os/walk.hpp"
#include "temporary_folder.hpp"

namespace pulse2::os {
namespace {

TEST(UniqueFd, closes_what_it_holds) {
  int number = -1;
  {
    auto fd = open_file("/dev/null", O_RDONLY);
    ASSERT_TRUE(fd);
    number = fd->get();
    EXPECT_EQ(::fcntl(number, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    UniqueFd other = std::move(*fd);
    EXPECT_FALSE(*fd);
    EXPECT_EQ(other.get(), number);
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(ReadFile, gives_all_bytes_and_respects_the_limit) {
  const test::TemporaryFolder folder;
  const std::string content = std::string("a\0b", 3) + std::string(100'000, 'x');
  folder.write("file", content);
  EXPECT_EQ(read_file(folder / "file", content.size()).value(), content);
  const auto refused = read_file(folder / "file", content.size() - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, base::ErrorKind::limit_exceeded);
}

TEST(ReadFile, reads_files_that_do_not_tell_their_size) {
  const auto text = read_file("/proc/self/status", 1 << 20);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, testing::HasSubstr("VmRSS"));
}

TEST(ReadFile, names_a_missing_file) {
  const auto missing = read_file("/nowhere/at/all", 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, base::ErrorKind::not_found);
}

TEST(WriteFileAtomically, replaces_the_file_and_leaves_nothing_else) {
  const test::TemporaryFolder folder;
  folder.write("file", "old");
  ASSERT_TRUE(write_file_atomically(folder / "file", "new", 0640));
  EXPECT_EQ(folder.read("file"), "new");
  EXPECT_EQ(status_of(folder / "file")->mode & 0777, 0640U);
  auto fd = open_file(folder.path(), O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(list_folder(fd->get())->size(), 1U);
}

TEST(WriteFileAtomically, keeps_the_old_state_when_it_fails) {
  const test::TemporaryFolder folder;
  std::filesystem::create_directory(folder / "target");
  folder.write("target/inside", "x");
  EXPECT_FALSE(write_file_atomically(folder / "target", "new"));
  auto fd = open_file(folder.path(), O_RDONLY | O_DIRECTORY);
  EXPECT_EQ(list_folder(fd->get())->size(), 1U);
  EXPECT_EQ(folder.read("target/inside"), "x");
}

TEST(SyncFile, passes_over_what_has_nothing_to_make_durable) {
  // As the files of an image that is mounted for reading: fsync(2) says EINVAL.
  const auto fd = open_file("/proc/self/status", O_RDONLY);
  ASSERT_TRUE(fd);
  EXPECT_TRUE(sync_file(fd->get(), "status"));
  EXPECT_FALSE(sync_file(-1, "nothing"));
}

TEST(ListFolder, sorts_by_bytes_and_tells_kinds) {
  const test::TemporaryFolder folder;
  folder.write("b", "");
  folder.write("Z", "");
  folder.write("\xc3\xa9", "");
  std::filesystem::create_directory(folder / "a");
  std::filesystem::create_symlink("b", folder / "link");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  auto fd = open_file(folder.path(), O_RDONLY | O_DIRECTORY);
  // Twice: the position in the folder is not used up.
  ASSERT_TRUE(list_folder(fd->get()));
  const auto items = list_folder(fd->get()).value();
  std::vector<std::string> names;
  for (const auto& item : items)
    names.push_back(item.name);
  EXPECT_THAT(names, testing::ElementsAre("Z", "a", "b", "link", "pipe", "\xc3\xa9"));
  EXPECT_EQ(items[0].kind, FolderItem::Kind::file);
  EXPECT_EQ(items[1].kind, FolderItem::Kind::folder);
  EXPECT_EQ(items[3].kind, FolderItem::Kind::link);
  EXPECT_EQ(items[4].kind, FolderItem::Kind::other);
}

TEST(MappedFile, shows_the_content) {
  const test::TemporaryFolder folder;
  folder.write("file", "content");
  folder.write("empty", "");
  auto file = open_file(folder / "file", O_RDONLY);
  auto empty = open_file(folder / "empty", O_RDONLY);
  auto mapped = MappedFile::map(file->get(), "file");
  ASSERT_TRUE(mapped);
  const MappedFile moved = std::move(*mapped);
  EXPECT_EQ(moved.bytes(), "content");
  EXPECT_EQ(MappedFile::map(empty->get(), "empty")->bytes(), "");
}

}  // namespace
}  // namespace pulse2::os
