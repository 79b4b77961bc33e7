#include "mirroring/pending_store.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "temporary_folder.hpp"

namespace pulse2::mirroring {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;
using Names = PendingStore::Names;

const PendingStore::Date k_date{std::chrono::seconds(1'700'000'000)};

class PendingStoreTest : public testing::Test {
 protected:
  void open() {
    m_store.reset();
    auto opened = PendingStore::open(m_path, {"/p", "/q"}, {"a", "b"});
    ASSERT_TRUE(opened) << opened.error().for_operator();
    m_store = std::move(*opened);
  }
  PendingStore::Contents reopen() {
    open();
    return *m_store->load();
  }
  static PendingStore::Row row(const std::string& pid, Names targets) {
    return {"/p", {pid, "f-" + pid}, std::move(targets), k_date};
  }

  test::TemporaryFolder m_folder;
  std::string m_path = m_folder / "deep/er/status";
  std::unique_ptr<PendingStore> m_store;
};

TEST_F(PendingStoreTest, KeepsWhatIsAddedUntilItIsCleared) {
  open();
  ASSERT_TRUE(m_store->add({row("p", {"a", "b"}), row("q", {"a"})}));
  ASSERT_TRUE(m_store->add({row("p", {"b"})}));
  auto contents = reopen();
  ASSERT_EQ(2U, contents.rows.size());
  EXPECT_EQ("p", contents.rows[0].package.pid);
  EXPECT_EQ("f-p", contents.rows[0].package.folder);
  EXPECT_EQ(k_date, contents.rows[0].since);
  EXPECT_THAT(contents.rows[0].targets, UnorderedElementsAre("a", "b"));
  m_store->clear("/p", "f-p", "a");
  m_store->clear("/p", "f-q", "a");
  ASSERT_TRUE(m_store->flush());
  contents = reopen();
  ASSERT_EQ(1U, contents.rows.size());
  EXPECT_THAT(contents.rows[0].targets, ElementsAre("b"));
}

TEST_F(PendingStoreTest, WhatIsAddedAfterItWasClearedStays) {
  open();
  ASSERT_TRUE(m_store->add({row("p", {"a"})}));
  m_store->clear("/p", "f-p", "a");
  ASSERT_TRUE(m_store->add({row("p", {"a"})}));
  ASSERT_TRUE(m_store->flush());
  EXPECT_EQ(1U, reopen().rows.size());
}

TEST_F(PendingStoreTest, KnowsWhichTreesAreFilled) {
  open();
  EXPECT_THAT(m_store->load()->filled, IsEmpty());
  ASSERT_TRUE(m_store->fill("/p", {"b"}, {row("p", {"b"})}, k_date));
  const auto contents = reopen();
  ASSERT_EQ(1U, contents.filled.size());
  EXPECT_EQ("/p", contents.filled[0].src);
  EXPECT_EQ("b", contents.filled[0].target);
  EXPECT_EQ(k_date, contents.filled[0].verified);
  EXPECT_EQ(1U, contents.rows.size());
}

TEST_F(PendingStoreTest, ForgetsOtherTreesAndTargets) {
  open();
  ASSERT_TRUE(m_store->fill("/p", {"a", "b"}, {row("p", {"a", "b"}), row("q", {"b"})}, k_date));
  ASSERT_TRUE(m_store->retain({"/p"}, {"a"}));
  auto contents = reopen();
  ASSERT_EQ(1U, contents.rows.size());
  EXPECT_THAT(contents.rows[0].targets, ElementsAre("a"));
  EXPECT_EQ(1U, contents.filled.size());
  ASSERT_TRUE(m_store->retain({"/q"}, {"a"}));
  contents = reopen();
  EXPECT_THAT(contents.rows, IsEmpty());
  EXPECT_THAT(contents.filled, IsEmpty());
}

TEST_F(PendingStoreTest, TakesOverTheFormerServersFile) {
  const std::string former = "(dp0\nVother-id\np1\n(lp2\nS'b'\np3\nasVmulti\np4\n(lp5\ng3\nas.";
  m_folder.write("deep/er/status", former);
  const auto contents = reopen();
  ASSERT_EQ(2U, contents.former.size());
  EXPECT_EQ("multi", contents.former[0].pid);
  EXPECT_THAT(contents.former[0].targets, ElementsAre("b"));
  EXPECT_EQ(4U, contents.filled.size()) << "what is not named is where it should be";
  EXPECT_EQ(former, m_folder.read("deep/er/status.migrated"));
  ASSERT_TRUE(m_store->replace_former({row("multi", {"b"})}));
  const auto later = reopen();
  EXPECT_THAT(later.former, IsEmpty());
  EXPECT_EQ(1U, later.rows.size());
}

TEST_F(PendingStoreTest, KeepsWhatItCannotReadAside) {
  m_folder.write("deep/er/status", "no pickle at all");
  EXPECT_THAT(reopen().filled, IsEmpty());
  EXPECT_EQ("no pickle at all", m_folder.read("deep/er/status.damaged"));
}

TEST_F(PendingStoreTest, BeginsAfreshAfterDamage) {
  m_folder.write("deep/er/status", "SQLite format 3" + std::string(5000, 'x'));
  EXPECT_THAT(reopen().rows, IsEmpty());
  EXPECT_TRUE(std::filesystem::exists(m_path + ".damaged"));
}

}  // namespace
}  // namespace pulse2::mirroring
