#include "os/memory_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

namespace pulse2::os {
namespace {

TEST(MemoryFile, holds_what_was_appended) {
  auto file = MemoryFile::create("test");
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 0U);
  ASSERT_TRUE(file->append("first, "));
  ASSERT_TRUE(file->append("second"));
  EXPECT_EQ(file->size(), 13U);
  std::string text(20, '\0');
  ASSERT_EQ(::pread(file->fd(), text.data(), text.size(), 0), 13);
  EXPECT_EQ(text.substr(0, 13), "first, second");
}

TEST(MemoryFile, holds_the_same_in_huge_pages) {
  auto file = MemoryFile::create("test");
  ASSERT_TRUE(file);
  std::string text;
  while (text.size() < (5U << 20U))
    text += std::to_string(text.size()) + ' ';
  ASSERT_TRUE(file->append(text));
  file->use_huge_pages();
  EXPECT_EQ(file->size(), text.size());
  std::string read(text.size(), '\0');
  ASSERT_EQ(::pread(file->fd(), read.data(), read.size(), 0), static_cast<ssize_t>(read.size()));
  EXPECT_EQ(read, text);
}

TEST(MemoryFile, ends_where_it_did_within_a_huge_page) {
  auto file = MemoryFile::create("test");
  ASSERT_TRUE(file);
  const std::string text(700U << 10U, 'x');
  ASSERT_TRUE(file->append(text));
  file->use_huge_pages();
  std::string read(text.size() + 1, '\0');
  ASSERT_EQ(::pread(file->fd(), read.data(), read.size(), 0), static_cast<ssize_t>(text.size()));
}

TEST(MemoryFile, takes_whole_huge_pages_where_enough_is_in_them) {
  constexpr std::uint64_t k_huge_page = 2U << 20U;
  EXPECT_EQ(MemoryFile::size_in_huge_pages(0), 0U);
  EXPECT_EQ(MemoryFile::size_in_huge_pages(100U << 10U), 100U << 10U);
  EXPECT_EQ(MemoryFile::size_in_huge_pages(256U << 10U), k_huge_page);
  EXPECT_EQ(MemoryFile::size_in_huge_pages(k_huge_page), k_huge_page);
  EXPECT_EQ(MemoryFile::size_in_huge_pages(k_huge_page + 1), k_huge_page + 1);
  EXPECT_EQ(MemoryFile::size_in_huge_pages(2 * k_huge_page - 1), 2 * k_huge_page);
}

}  // namespace
}  // namespace pulse2::os
