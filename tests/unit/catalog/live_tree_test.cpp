#include "catalog/live_tree.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace pulse2::catalog {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Placement package(const std::string& folder, const std::string& id) {
  auto entry = std::make_shared<Entry>();
  entry->folder = folder;
  entry->id = id;
  return {folder, std::move(entry), std::nullopt};
}

Placement broken(const std::string& folder) {
  return {folder, nullptr, BrokenPackage{"/src", folder, "a reason", folder}};
}

std::vector<std::string> ids(const LiveTree& tree) {
  std::vector<std::string> ids;
  for (const auto& entry : tree.content.packages)
    ids.push_back(entry->id);
  return ids;
}

TEST(LiveTree, keeps_the_order_of_folders) {
  LiveTree tree;
  tree.place({package("c", "c1"), package("a", "a1")});
  tree.place({package("d", "d1"), package("b", "b1"), package("0", "01")});
  EXPECT_THAT(ids(tree), ElementsAre("01", "a1", "b1", "c1", "d1"));
  EXPECT_EQ(tree.find("b")->id, "b1");
  EXPECT_EQ(tree.find("bb"), nullptr);
}

TEST(LiveTree, places_many_changes_at_a_time) {
  LiveTree tree;
  tree.place({package("a", "a1"), package("b", "b1"), package("c", "c1")});
  tree.place({package("b", "b2"), broken("a"), {"c", nullptr, std::nullopt}, package("d", "d1")});
  EXPECT_THAT(ids(tree), ElementsAre("b2", "d1"));
  ASSERT_EQ(tree.broken.size(), 1U);
  EXPECT_EQ(tree.broken.begin()->first, "a");
  tree.place({package("a", "a2")});
  EXPECT_THAT(tree.broken, IsEmpty());
}

TEST(LiveTree, takes_the_last_of_several_for_one_folder) {
  LiveTree tree;
  tree.place({package("a", "a1"), broken("a"), package("b", "b1"), package("a", "a2")});
  EXPECT_THAT(ids(tree), ElementsAre("a2", "b1"));
  EXPECT_THAT(tree.broken, IsEmpty());
  tree.place({package("a", "a3"), {"a", nullptr, std::nullopt}});
  EXPECT_THAT(ids(tree), ElementsAre("b1"));
}

TEST(LiveTree, remembers_what_others_know_better_than_the_scan) {
  LiveTree tree;
  tree.place({package("a", "a1")});
  tree.replace(package("a", "a2"));
  tree.replace(package("b", "b1"));
  tree.replace(broken("c"));
  EXPECT_THAT(ids(tree), ElementsAre("a2", "b1"));
  EXPECT_THAT(tree.replaced, ElementsAre("a", "b", "c"));
  tree.replace({"a", nullptr, std::nullopt});
  EXPECT_THAT(ids(tree), ElementsAre("b1"));
  tree.is_scanned = true;
  tree.replace(package("d", "d1"));
  EXPECT_FALSE(tree.replaced.contains("d"));
}

TEST(LiveTree, knows_a_place_and_what_stands_below) {
  LiveTree tree;
  tree.place({package("a", "1"), package("a/b", "2"), package("a-b", "3"), broken("a/c")});
  std::vector<std::string> folders;
  for (const auto& known : tree.known("a"))
    folders.push_back(known.folder);
  EXPECT_THAT(folders, ElementsAre("a", "a/b", "a/c"));
  EXPECT_EQ(tree.known("").size(), 4U);
}

}  // namespace
}  // namespace pulse2::catalog
