#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "catalog/catalog.hpp"
#include "temporary_folder.hpp"

namespace pulse2::catalog {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class SilentReporter final : public Reporter {
 public:
  void report(Severity, std::string_view, const std::string&) override {}
};

/// A catalogue whose trees change while it runs.
class TreesTest : public testing::Test {
 protected:
  TreesTest() {
    add("a", "one");
    add("b", "two");
    std::this_thread::sleep_for(25ms);  // file times advance in coarse steps
  }

  void add(const std::string& tree, const std::string& pid) {
    m_folder.write(tree + "/" + pid + "/conf.xml",
                   "<package id=\"" + pid + "\"><name>n</name><version><label>1</label></version>" +
                       "<commands><command name=\"c\">run</command></commands></package>");
    m_folder.write(tree + "/" + pid + "/file", "content");
  }
  std::string path(const std::string& tree) const { return m_folder / tree; }

  std::unique_ptr<Catalog> start(std::vector<std::string> srcs,
                                 std::vector<std::string> follow_links_to = {}) {
    CatalogOptions options;
    options.srcs = std::move(srcs);
    options.follow_links_to = std::move(follow_links_to);
    options.cache_file = m_folder / "cache.sqlite";
    auto catalog = std::make_unique<Catalog>(std::move(options), m_pool, m_reporter);
    EXPECT_TRUE(catalog->start());
    EXPECT_TRUE(catalog->wait_until_ready(60s, true));
    return catalog;
  }

  static void change(Catalog& catalog, const std::vector<std::string>& srcs,
                     const std::vector<std::string>& follow_links_to = {}) {
    auto commit = catalog.prepare_trees(srcs, follow_links_to);
    ASSERT_TRUE(commit) << commit.error().for_operator();
    (*commit)();
    EXPECT_TRUE(catalog.wait_until_ready(60s, true));
  }

  std::vector<std::string> ids(const Catalog& catalog, const std::string& tree) const {
    std::vector<std::string> found;
    const auto snapshot = catalog.snapshot();
    for (const auto& package : snapshot->packages(path(tree)))
      found.push_back(package->id);
    return found;
  }

  static void wait_until(const std::function<bool()>& condition) {
    const auto end = std::chrono::steady_clock::now() + 60s;
    while (!condition() && std::chrono::steady_clock::now() < end)
      std::this_thread::sleep_for(1ms);
    EXPECT_TRUE(condition());
  }

  test::TemporaryFolder m_folder;
  os::ThreadPool m_pool{4};
  SilentReporter m_reporter;
};

TEST_F(TreesTest, one_is_added) {
  const auto catalog = start({path("a")});
  change(*catalog, {path("a"), path("b")});
  EXPECT_THAT(ids(*catalog, "a"), ElementsAre("one"));
  EXPECT_THAT(ids(*catalog, "b"), ElementsAre("two"));
}

TEST_F(TreesTest, one_is_found_when_its_packages_are_in_the_snapshot) {
  const auto catalog = start({path("a")});
  EXPECT_TRUE(catalog->is_found(path("a") + "/"));
  EXPECT_FALSE(catalog->is_found(path("b")));
  auto commit = catalog->prepare_trees({path("a"), path("b")}, {});
  ASSERT_TRUE(commit);
  (*commit)();
  wait_until([&] { return catalog->is_found(path("b")); });
  EXPECT_THAT(ids(*catalog, "b"), ElementsAre("two"));
}

TEST_F(TreesTest, one_that_is_kept_is_served_without_a_break) {
  const auto catalog = start({path("a")});
  const auto entry = catalog->snapshot()->find_any("one");
  auto commit = catalog->prepare_trees({path("b"), path("a")}, {});
  ASSERT_TRUE(commit);
  (*commit)();
  EXPECT_EQ(catalog->snapshot()->find_any("one"), entry);
  EXPECT_TRUE(catalog->wait_until_ready(60s, true));
  EXPECT_EQ(catalog->snapshot()->find_any("one"), entry);
}

TEST_F(TreesTest, one_that_is_removed_vanishes_at_once_and_can_come_back) {
  const auto catalog = start({path("a"), path("b")});
  const auto before = catalog->snapshot();
  auto commit = catalog->prepare_trees({path("a")}, {});
  ASSERT_TRUE(commit);
  (*commit)();
  EXPECT_THAT(ids(*catalog, "b"), IsEmpty());
  EXPECT_TRUE(before->find_any("two"));  // for whoever is at work with it
  add("b", "three");
  std::this_thread::sleep_for(25ms);
  change(*catalog, {path("a"), path("b")});
  EXPECT_THAT(ids(*catalog, "b"), ElementsAre("three", "two"));
}

TEST_F(TreesTest, the_folder_of_a_removed_one_is_let_go_of) {
  const auto catalog = start({path("a"), path("b")});
  change(*catalog, {path("a")});
  for (const auto& descriptor : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    EXPECT_NE(fs::read_symlink(descriptor, gone).string().find(path("b")), 0U);
  }
}

TEST_F(TreesTest, one_that_is_missing_changes_nothing) {
  const auto catalog = start({path("a")});
  const auto commit = catalog->prepare_trees({path("none"), path("b")}, {});
  ASSERT_FALSE(commit);
  EXPECT_EQ(commit.error().kind, base::ErrorKind::unavailable);
  EXPECT_THAT(commit.error().for_operator(), testing::HasSubstr(path("none")));
  EXPECT_THAT(ids(*catalog, "a"), ElementsAre("one"));
  EXPECT_EQ(catalog->progress().phase, Progress::Phase::done);
}

TEST_F(TreesTest, links_may_lead_elsewhere) {
  add("outside", "linked");
  fs::create_directory_symlink(path("outside") + "/linked", path("a") + "/link");
  const auto catalog = start({path("a")});
  EXPECT_THAT(ids(*catalog, "a"), ElementsAre("one"));
  change(*catalog, {path("a")}, {path("outside")});
  EXPECT_THAT(ids(*catalog, "a"), ElementsAre("linked", "one"));
  change(*catalog, {path("a")});
  EXPECT_THAT(ids(*catalog, "a"), ElementsAre("one"));
}

TEST_F(TreesTest, one_is_served_while_scans_of_it_overtake_each_other) {
  const auto catalog = start({path("a")});
  for (int round = 0; round < 40; ++round) {
    for (const auto& target : {path("b"), path("a")}) {
      auto commit = catalog->prepare_trees({path("a")}, {target});
      ASSERT_TRUE(commit);
      (*commit)();
    }
    while (!catalog->wait_until_ready(0s, true))
      ASSERT_THAT(ids(*catalog, "a"), ElementsAre("one"));
    ASSERT_THAT(ids(*catalog, "a"), ElementsAre("one"));
  }
}

TEST_F(TreesTest, an_editor_knows_better_than_a_scan_that_goes_on) {
  const auto catalog = start({path("a")});
  auto commit = catalog->prepare_trees({path("a")}, {path("b")});
  ASSERT_TRUE(commit);
  (*commit)();
  ASSERT_TRUE(catalog->replace(path("a"), "one", nullptr));
  EXPECT_TRUE(catalog->wait_until_ready(60s, true));
  EXPECT_THAT(ids(*catalog, "a"), IsEmpty());
}

TEST_F(TreesTest, a_change_is_made_when_it_finds_what_it_expects) {
  const auto catalog = start({path("a")});
  const auto one = catalog->snapshot()->find_any("one");
  EXPECT_FALSE(catalog->change(path("a"), {{"one", nullptr, nullptr, std::nullopt}}));
  EXPECT_FALSE(catalog->change(path("b"), {{"one", one, nullptr, std::nullopt}}));
  BrokenPackage broken{path("a"), path("a") + "/one", "gone", "one"};
  EXPECT_TRUE(catalog->change(path("a"), {{"one", one, nullptr, broken}}));
  wait_until([&] { return ids(*catalog, "a").empty(); });
  ASSERT_EQ(catalog->snapshot()->broken().size(), 1U);
  EXPECT_EQ(catalog->snapshot()->broken()[0].reason, "gone");
  EXPECT_TRUE(catalog->change(path("a"), {{"one", nullptr, one, std::nullopt}}));
  wait_until([&] { return !ids(*catalog, "a").empty(); });
  EXPECT_THAT(catalog->snapshot()->broken(), IsEmpty());
}

TEST_F(TreesTest, changes_of_one_call_are_made_together_or_not_at_all) {
  add("a", "two");
  const auto catalog = start({path("a")});
  const auto one = catalog->snapshot()->find_any("one");
  const auto two = catalog->snapshot()->find_any("two");
  EXPECT_FALSE(catalog->change(
      path("a"), {{"one", one, nullptr, std::nullopt}, {"two", one, nullptr, std::nullopt}}));
  EXPECT_TRUE(catalog->change(
      path("a"), {{"one", one, two, std::nullopt}, {"two", two, nullptr, std::nullopt}}));
  wait_until([&] { return ids(*catalog, "a").size() == 1; });
  EXPECT_THAT(ids(*catalog, "a"), ElementsAre("two"));
}

TEST_F(TreesTest, after_a_scan_the_next_one_counts_again) {
  const auto catalog = start({path("a")});
  ASSERT_TRUE(catalog->replace(path("a"), "one", nullptr));
  EXPECT_THAT(ids(*catalog, "a"), IsEmpty());
  // The folder is still there: another scan finds it, whatever was known before.
  change(*catalog, {path("a")}, {path("b")});
  EXPECT_THAT(ids(*catalog, "a"), ElementsAre("one"));
}

TEST_F(TreesTest, hashes_can_be_recalled_one_by_one) {
  const auto catalog = start({path("a")});
  const auto status = os::status_of(path("a") + "/one/file");
  ASSERT_TRUE(status);
  EXPECT_EQ(catalog->recall(path("a") + "/one/file", *status), base::md5("content"));
  EXPECT_FALSE(catalog->recall(path("a") + "/one/other", *status));
  auto other = *status;
  other.ctime_ns += 1;
  EXPECT_FALSE(catalog->recall(path("a") + "/one/file", other));
  catalog->remember(path("a") + "/one/file", other, base::md5("CONTENT"));
  EXPECT_EQ(catalog->recall(path("a") + "/one/file", other), base::md5("CONTENT"));
}

TEST_F(TreesTest, hashes_are_remembered_for_the_next_start) {
  start({path("a")});
  {
    const auto catalog = start({path("a")});
    EXPECT_EQ(catalog->progress().files_total, 0U);
    change(*catalog, {path("a"), path("b")});
    EXPECT_EQ(catalog->progress().files_total, 1U);
  }
  EXPECT_EQ(start({path("a"), path("b")})->progress().files_total, 0U);
}

TEST_F(TreesTest, stops_while_a_tree_is_added) {
  const auto catalog = start({path("a")});
  auto commit = catalog->prepare_trees({path("a"), path("b")}, {});
  ASSERT_TRUE(commit);
  (*commit)();
  catalog->stop();
  EXPECT_TRUE(catalog->snapshot()->find_any("one"));
}

}  // namespace
}  // namespace pulse2::catalog
