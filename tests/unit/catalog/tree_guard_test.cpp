#include "catalog/tree_guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "temporary_folder.hpp"

namespace pulse2::catalog {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Doubt, a_fifth_of_the_packages_may_vanish_at_once) {
  EXPECT_FALSE(doubt({true, 100, 20}, 20));
  EXPECT_TRUE(doubt({true, 100, 21}, 20));
  EXPECT_FALSE(doubt({true, 100, 50}, 50));
}

TEST(Doubt, five_packages_may_always_vanish) {
  EXPECT_FALSE(doubt({true, 5, 5}, 20));
  EXPECT_TRUE(doubt({true, 6, 6}, 20));
}

TEST(Doubt, nothing_may_be_missing_from_another_folder) {
  EXPECT_TRUE(doubt({false, 3, 1}, 20));
  EXPECT_FALSE(doubt({false, 3, 0}, 20));
}

class TreeGuardTest : public testing::Test {
 protected:
  TreeGuardTest() {
    fs::create_directory(src);
    EXPECT_THAT(guard.confirm({src + "/"}), IsEmpty());
  }
  /// Another folder stands at src, as after an unmount.
  void unmount() const {
    fs::rename(src, src + ".away");
    fs::create_directory(src);
  }

  test::TemporaryFolder folder;
  const std::string src = folder / "src";
  TreeGuard guard;
};

TEST_F(TreeGuardTest, a_tree_that_stays_is_not_objected_to) {
  EXPECT_FALSE(guard.objection(src));
  EXPECT_FALSE(guard.objection(src + "/"));
  EXPECT_FALSE(guard.objection("/unknown"));
}

TEST_F(TreeGuardTest, another_folder_in_its_place_is_objected_to_at_once) {
  unmount();
  EXPECT_TRUE(guard.objection(src));
  EXPECT_FALSE(guard.is_same_root(src, *os::status_of(src)));
}

TEST_F(TreeGuardTest, a_missing_folder_is_objected_to) {
  fs::rename(src, src + ".away");
  EXPECT_TRUE(guard.objection(src));
}

TEST_F(TreeGuardTest, a_frozen_tree_is_objected_to_until_its_packages_return) {
  EXPECT_TRUE(guard.freeze(src, "30 of 30 packages vanished at once"));
  EXPECT_FALSE(guard.freeze(src, "29 of 30 packages vanished at once"));
  EXPECT_THAT(guard.frozen(), SizeIs(1));
  EXPECT_EQ(guard.objection(src), "29 of 30 packages vanished at once");
  guard.adopt(src, *os::status_of(src));
  EXPECT_THAT(guard.frozen(), IsEmpty());
  EXPECT_FALSE(guard.objection(src));
}

TEST_F(TreeGuardTest, the_operator_confirms_what_was_objected_to) {
  unmount();
  EXPECT_TRUE(guard.objection(src));
  EXPECT_THAT(guard.confirm({src}), ElementsAre(src));
  EXPECT_FALSE(guard.objection(src));
}

TEST_F(TreeGuardTest, a_reload_before_anybody_objected_confirms_nothing) {
  unmount();
  EXPECT_THAT(guard.confirm({src}), IsEmpty());
  EXPECT_TRUE(guard.objection(src));
}

}  // namespace
}  // namespace pulse2::catalog
