#include "api/package_list.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "temporary_folder.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::api {
namespace {

using catalog::Entry;
using catalog::Fragment;
using catalog::Snapshot;

PackageList::Packages packages(int count, std::size_t size) {
  PackageList::Packages made;
  for (int i = 0; i < count; ++i) {
    auto entry = std::make_shared<Entry>();
    entry->fragment =
        std::make_shared<const Fragment>(std::to_string(i) + std::string(size, 'x') + "\n");
    made.push_back(std::move(entry));
  }
  return made;
}

std::string expected(const PackageList& list) {
  std::string text(xmlrpc::k_response_prefix);
  text += xmlrpc::k_array_prefix;
  for (const auto& package : list.packages())
    text += package->fragment->text();
  text += xmlrpc::k_array_suffix;
  return text += xmlrpc::k_response_suffix;
}

std::string bytes_of(const http::Body& body) {
  if (const auto* text = std::get_if<std::string>(&body)) return *text;
  std::string bytes;
  if (const auto* shared = std::get_if<http::SharedBody>(&body)) {
    for (const auto& buffer : shared->buffers)
      bytes += *buffer;
    return bytes;
  }
  if (const auto* streamed = std::get_if<http::StreamedBody>(&body)) {
    for (std::size_t before = 1; before != bytes.size();) {
      before = bytes.size();
      streamed->source->append_next(bytes);
    }
    return bytes;
  }
  const auto& file = std::get<http::FileBody>(body);
  bytes.resize(file.parts.at(0).length);
  EXPECT_EQ(::pread(file.fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  return bytes;
}

std::string gunzip(const std::string& compressed) {
  const test::TemporaryFolder folder;
  folder.write("file.gz", compressed);
  if (std::system(("gzip -d '" + (folder / "file.gz") + "'").c_str()) != 0) return "refused";
  return folder.read("file");
}

TEST(PackageList, of_few_packages_is_answered_at_once) {
  const PackageList list(packages(3, 1000));
  const auto plain = list.body_at_once(false);
  ASSERT_TRUE(plain);
  EXPECT_EQ(bytes_of(*plain), expected(list));
  const auto compressed = list.body_at_once(true);
  ASSERT_TRUE(compressed);
  EXPECT_EQ(gunzip(bytes_of(*compressed)), expected(list));
}

TEST(PackageList, of_none_is_an_empty_array) {
  const PackageList list({});
  EXPECT_FALSE(list.is_worth_compressing());
  EXPECT_EQ(bytes_of(*list.body_at_once(false)), expected(list));
}

TEST(PackageList, of_many_packages_is_put_together_once) {
  const PackageList list(packages(300, 2000));
  for (const bool gzip : {false, true}) {
    EXPECT_FALSE(list.body_at_once(gzip));
    const auto made = list.body(gzip);
    ASSERT_TRUE(std::holds_alternative<http::FileBody>(made));
    const auto again = list.body_at_once(gzip);
    ASSERT_TRUE(again);
    EXPECT_EQ(std::get<http::FileBody>(*again).fd, std::get<http::FileBody>(made).fd);
    EXPECT_EQ(gzip ? gunzip(bytes_of(made)) : bytes_of(made), expected(list));
  }
}

TEST(PackageList, outlived_by_its_answers) {
  http::Body body;
  std::string text;
  {
    const PackageList list(packages(300, 2000));
    body = list.body(false);
    text = expected(list);
  }
  EXPECT_EQ(bytes_of(body), text);
}

TEST(PackageList, that_is_long_is_made_while_it_is_sent) {
  std::string expected_text;
  http::Body body;
  {
    const PackageList list(packages(3000, 6000));
    EXPECT_FALSE(list.body_at_once(false));
    body = list.body(false);
    expected_text = expected(list);
  }
  const auto* streamed = std::get_if<http::StreamedBody>(&body);
  ASSERT_NE(streamed, nullptr);
  EXPECT_EQ(streamed->source->size(), expected_text.size());
  std::string part;
  streamed->source->append_next(part);
  EXPECT_LT(part.size(), 1U << 20U);
  EXPECT_TRUE(part + bytes_of(body) == expected_text);
}

TEST(PackageList, is_not_put_together_where_others_take_all_room) {
  // The same package again and again: 15 MiB each, 256 for all.
  const PackageList::Packages many(15, packages(1, 1 << 20).front());
  std::vector<http::Body> bodies;
  for (int i = 0; i < 17; ++i)
    bodies.push_back(PackageList(many).body(false));
  EXPECT_TRUE(std::holds_alternative<http::FileBody>(bodies.front()));
  ASSERT_TRUE(std::holds_alternative<http::StreamedBody>(bodies.back()));
  EXPECT_TRUE(bytes_of(bodies.back()) == bytes_of(bodies.front()));
  bodies.clear();
  EXPECT_TRUE(std::holds_alternative<http::FileBody>(PackageList(many).body(false)));
}

class PackageListCacheTest : public ::testing::Test {
 protected:
  static std::shared_ptr<const Snapshot> snapshot() {
    return std::make_shared<const Snapshot>(1, std::vector<Snapshot::Tree>{},
                                            std::vector<catalog::BrokenPackage>{});
  }

  std::shared_ptr<PackageListCache> m_cache = std::make_shared<PackageListCache>();
  std::shared_ptr<const Snapshot> m_snapshot = snapshot();
};

TEST_F(PackageListCacheTest, keeps_a_list_until_what_it_was_made_of_changes) {
  EXPECT_EQ(m_cache->find(m_snapshot, 1), nullptr);
  const auto list = m_cache->keep(m_snapshot, 1, packages(2, 10));
  EXPECT_EQ(list->cache(), m_cache);
  EXPECT_EQ(m_cache->find(m_snapshot, 1), list);
  EXPECT_EQ(m_cache->find(m_snapshot, 2), nullptr);
  EXPECT_EQ(m_cache->find(snapshot(), 1), nullptr);
  EXPECT_EQ(m_cache->find(nullptr, 1), nullptr);
}

TEST_F(PackageListCacheTest, gives_all_the_list_that_was_made_first) {
  const auto list = m_cache->keep(m_snapshot, 1, packages(2, 10));
  EXPECT_EQ(m_cache->keep(m_snapshot, 1, packages(2, 10)), list);
  EXPECT_NE(m_cache->keep(m_snapshot, 2, packages(2, 10)), list);
}

TEST_F(PackageListCacheTest, does_not_keep_a_snapshot_alive) {
  (void)m_cache->keep(m_snapshot, 1, packages(2, 10));
  const std::weak_ptr<const Snapshot> seen = m_snapshot;
  m_snapshot = nullptr;
  EXPECT_TRUE(seen.expired());
}

TEST_F(PackageListCacheTest, forgets_what_nobody_asked_for) {
  (void)m_cache->keep(m_snapshot, 1, packages(2, 10));
  EXPECT_TRUE(m_cache->begin_forgetting());
  EXPECT_FALSE(m_cache->begin_forgetting());
  EXPECT_TRUE(m_cache->forget_unused());
  EXPECT_NE(m_cache->find(m_snapshot, 1), nullptr);
  EXPECT_TRUE(m_cache->forget_unused());
  EXPECT_FALSE(m_cache->forget_unused());
  EXPECT_EQ(m_cache->find(m_snapshot, 1), nullptr);
  EXPECT_TRUE(m_cache->begin_forgetting());
}

}  // namespace
}  // namespace pulse2::api
