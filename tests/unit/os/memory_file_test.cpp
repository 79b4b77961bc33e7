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

}  // namespace
}  // namespace pulse2::os
