#include "tftp/chunk_cache.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "run_coroutine.hpp"
#include "temporary_folder.hpp"

namespace pulse2::tftp {
namespace {

class ChunkCacheTest : public ::testing::Test {
 protected:
  ~ChunkCacheTest() override { m_pool.stop(); }

  /// Writes into the file that is there, so that it stays the same inode.
  void write(const std::string& text) { m_folder.write("menu", text); }
  void put_aside() { std::filesystem::rename(m_folder / "menu", m_folder / "old"); }
  Content open() { return open_content({m_folder.path(), "menu"}, Mode::octet).value(); }
  Chunk load(ChunkCache& cache, const Content& content) {
    return test::run_coroutine(m_io, cache.load(content, 0));
  }

  test::TemporaryFolder m_folder;
  boost::asio::io_context m_io;
  os::ThreadPool m_pool{2};
};

TEST_F(ChunkCacheTest, AMenuIsReadOnceAndThenServedFromMemory) {
  ChunkCache cache(m_io, m_pool, 1 << 20);
  write("timeout 20\n");
  const Content menu = open();
  const Chunk first = load(cache, menu);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(*first, "timeout 20\n");
  // Whoever read the disk now would see something else.
  write("timeout 30\n");
  EXPECT_EQ(load(cache, menu), first);
  EXPECT_EQ(cache.find(menu, 0), first);
}

TEST_F(ChunkCacheTest, AMenuThatWasWrittenAnewIsAnotherOne) {
  ChunkCache cache(m_io, m_pool, 1 << 20);
  write("timeout 20\n");
  (void)load(cache, open());
  put_aside();
  write("timeout 30\n");
  EXPECT_EQ(*load(cache, open()), "timeout 30\n");
}

TEST_F(ChunkCacheTest, KeepsNoMoreThanItsCapacity) {
  ChunkCache cache(m_io, m_pool, 15);
  write("0123456789");
  const Content first = open();
  (void)load(cache, first);
  put_aside();
  write("abcdefghij");
  const Content second = open();
  (void)load(cache, second);
  EXPECT_EQ(cache.find(first, 0), nullptr);
  EXPECT_NE(cache.find(second, 0), nullptr);
}

}  // namespace
}  // namespace pulse2::tftp
