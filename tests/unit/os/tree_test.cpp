#include "os/tree.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "temporary_folder.hpp"

namespace pulse2::os {
namespace {

namespace fs = std::filesystem;

class WriteFileUnsyncedAt : public testing::Test {
 protected:
  [[nodiscard]] std::size_t items() const {
    const fs::directory_iterator all(m_folder.path());
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
  }

  test::TemporaryFolder m_folder;
  UniqueFd m_fd = open_file(m_folder.path(), O_RDONLY | O_DIRECTORY).value();
};

TEST_F(WriteFileUnsyncedAt, replaces_the_file_and_tells_its_status) {
  m_folder.write("file", "a longer text than the new one");
  const auto status = write_file_unsynced_at(m_fd.get(), "file", "new");
  ASSERT_TRUE(status);
  EXPECT_EQ(m_folder.read("file"), "new");
  EXPECT_EQ(*status, status_at(m_fd.get(), "file").value());
  EXPECT_EQ(items(), 1U);
}

TEST_F(WriteFileUnsyncedAt, gives_the_mode_whatever_the_umask) {
  const auto mask = ::umask(0077);
  const auto status = write_file_unsynced_at(m_fd.get(), "file", "text", 0644);
  ::umask(mask);
  ASSERT_TRUE(status);
  EXPECT_EQ(status->mode & 07777, 0644U);
}

TEST_F(WriteFileUnsyncedAt, replaces_a_link_and_not_what_it_leads_to) {
  m_folder.write("other", "other");
  fs::create_symlink("other", m_folder / "file");
  ASSERT_TRUE(write_file_unsynced_at(m_fd.get(), "file", "new"));
  EXPECT_EQ(m_folder.read("file"), "new");
  EXPECT_EQ(m_folder.read("other"), "other");
}

TEST_F(WriteFileUnsyncedAt, leaves_nothing_behind_when_it_fails) {
  m_folder.write("file/inside", "x");
  EXPECT_FALSE(write_file_unsynced_at(m_fd.get(), "file", "new"));
  EXPECT_EQ(m_folder.read("file/inside"), "x");
  EXPECT_EQ(items(), 1U);
}

}  // namespace
}  // namespace pulse2::os
