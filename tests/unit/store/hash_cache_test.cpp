#include "store/hash_cache.hpp"

#include <gtest/gtest.h>

#include "base/hash.hpp"
#include "store/sqlite.hpp"
#include "temporary_folder.hpp"

namespace pulse2::store {
namespace {

os::FileStatus some_status() {
  os::FileStatus status;
  status.device = 1;
  status.inode = 0xffff'ffff'ffff'fff0;  // more than SQLite's signed integers
  status.size = 3;
  status.mtime_ns = -4;
  status.ctime_ns = 5;
  return status;
}

class HashCacheTest : public testing::Test {
 protected:
  std::unique_ptr<HashCache> open() { return std::move(HashCache::open(m_file)).value(); }

  test::TemporaryFolder m_folder;
  std::string m_file = m_folder / "cache.sqlite";
  const base::Md5Digest m_digest = base::md5("content");
  const std::string m_path = "/src/\xff\n name";
};

TEST_F(HashCacheTest, remembers_across_a_restart) {
  {
    const auto cache = open();
    EXPECT_FALSE(cache->find(m_path, some_status()));
    cache->remember(m_path, some_status(), m_digest);
    EXPECT_EQ(cache->pending(), 1U);
    ASSERT_TRUE(cache->flush());
    EXPECT_EQ(cache->pending(), 0U);
  }
  const auto cache = open();
  EXPECT_EQ(cache->recreated_because(), "");
  EXPECT_EQ(cache->find(m_path, some_status()), m_digest);
}

TEST_F(HashCacheTest, forgets_when_anything_differs) {
  const auto first = open();
  first->remember(m_path, some_status(), m_digest);
  ASSERT_TRUE(first->flush());
  const auto cache = open();
  EXPECT_FALSE(cache->find(m_path + "x", some_status()));
  const auto changed = [](auto member) {
    auto status = some_status();
    ++(status.*member);
    return status;
  };
  EXPECT_FALSE(cache->find(m_path, changed(&os::FileStatus::device)));
  EXPECT_FALSE(cache->find(m_path, changed(&os::FileStatus::inode)));
  EXPECT_FALSE(cache->find(m_path, changed(&os::FileStatus::size)));
  EXPECT_FALSE(cache->find(m_path, changed(&os::FileStatus::mtime_ns)));
  EXPECT_FALSE(cache->find(m_path, changed(&os::FileStatus::ctime_ns)));
}

TEST_F(HashCacheTest, keeps_one_hash_a_path) {
  auto newer = some_status();
  newer.mtime_ns = 77;
  {
    const auto cache = open();
    cache->remember(m_path, some_status(), m_digest);
    cache->remember(m_path, newer, base::md5("newer"));
    ASSERT_TRUE(cache->flush());
  }
  const auto cache = open();
  EXPECT_FALSE(cache->find(m_path, some_status()));
  EXPECT_EQ(cache->find(m_path, newer), base::md5("newer"));
}

TEST_F(HashCacheTest, forgets_what_was_not_asked_for) {
  {
    const auto cache = open();
    cache->remember("/kept", some_status(), m_digest);
    cache->remember("/gone", some_status(), m_digest);
    ASSERT_TRUE(cache->flush());
  }
  {
    const auto cache = open();
    ASSERT_TRUE(cache->find("/kept", some_status()));
    ASSERT_TRUE(cache->forget_unused());
  }
  const auto cache = open();
  EXPECT_TRUE(cache->find("/kept", some_status()));
  EXPECT_FALSE(cache->find("/gone", some_status()));
}

TEST_F(HashCacheTest, begins_afresh_when_damaged) {
  m_folder.write("cache.sqlite", "this is no database at all, and long enough to be looked at");
  const auto cache = open();
  EXPECT_NE(cache->recreated_because(), "");
  cache->remember(m_path, some_status(), m_digest);
  ASSERT_TRUE(cache->flush());
  EXPECT_TRUE(open()->find(m_path, some_status()));
}

TEST_F(HashCacheTest, begins_afresh_when_rows_are_damaged) {
  {
    const auto cache = open();
    for (int i = 0; i < 2000; ++i) {
      cache->remember("/file" + std::to_string(i), some_status(), m_digest);
    }
    ASSERT_TRUE(cache->flush());
  }
  // Past the first page, which opening reads.
  std::string bytes = m_folder.read("cache.sqlite");
  ASSERT_GT(bytes.size(), 16384U);
  for (std::size_t i = 8192; i < bytes.size(); ++i)
    bytes[i] = '\x5a';
  m_folder.write("cache.sqlite", bytes);
  const auto cache = open();
  EXPECT_NE(cache->recreated_because(), "");
  EXPECT_FALSE(cache->find("/file1", some_status()));
}

TEST_F(HashCacheTest, begins_afresh_when_written_by_a_newer_version) {
  ASSERT_TRUE(Database::open(m_file)->execute("PRAGMA user_version=1000"));
  EXPECT_NE(open()->recreated_because(), "");
  EXPECT_EQ(open()->recreated_because(), "");
}

TEST_F(HashCacheTest, needs_its_folder) {
  EXPECT_FALSE(HashCache::open(m_folder / "none/cache.sqlite"));
}

TEST_F(HashCacheTest, two_servers_may_share_it) {
  const auto one = open();
  const auto other = open();
  one->remember("/one", some_status(), m_digest);
  other->remember("/other", some_status(), m_digest);
  EXPECT_TRUE(one->flush());
  EXPECT_TRUE(other->flush());
  EXPECT_TRUE(open()->find("/one", some_status()));
}

}  // namespace
}  // namespace pulse2::store
