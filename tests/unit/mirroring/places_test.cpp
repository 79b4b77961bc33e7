#include "mirroring/places.hpp"

#include <gmock/gmock.h>

#include <filesystem>

#include "temporary_folder.hpp"

namespace pulse2::mirroring {
namespace {

namespace fs = std::filesystem;

class PlacesTest : public testing::Test {
 protected:
  PlacesTest() {
    m_folder.write("src/p/a.txt", "a");
    m_folder.write("src/apps/q/a.txt", "a");
    m_places.know({m_src});
  }
  [[nodiscard]] Places::Place look(const std::string& folder) {
    return m_places.look(m_src, folder).value();
  }

  test::TemporaryFolder m_folder;
  std::string m_src = m_folder / "src";
  Places m_places;
};

TEST_F(PlacesTest, ATreeInThePlaceOfAnotherIsNotTheSame) {
  EXPECT_TRUE(m_places.is_as_known(m_src));
  fs::rename(m_src, m_folder / "away");
  EXPECT_FALSE(m_places.is_as_known(m_src));
  fs::create_directory(m_src);
  EXPECT_FALSE(m_places.is_as_known(m_src));
  fs::remove(m_src);
  fs::rename(m_folder / "away", m_src);
  EXPECT_TRUE(m_places.is_as_known(m_src));
  EXPECT_FALSE(m_places.is_as_known("/other"));
}

TEST_F(PlacesTest, TheFirstMissingFolderIsTheOneToRemove) {
  EXPECT_TRUE(look("p").is_there);
  EXPECT_TRUE(look("apps/q").is_there);
  EXPECT_EQ("gone", look("gone").folder);
  EXPECT_FALSE(look("gone").is_there);
  EXPECT_EQ("apps/gone", look("apps/gone").folder);
  EXPECT_EQ("tools", look("tools/deep/gone").folder);
}

TEST_F(PlacesTest, AnEmptyFolderThatACrashLeftIsGone) {
  fs::create_directory(m_src + "/left");
  EXPECT_FALSE(look("left").is_there);
  EXPECT_FALSE(fs::exists(m_src + "/left"));
}

TEST_F(PlacesTest, UsersShareAnEmptyFolder) {
  EXPECT_TRUE(m_places.make_empty(m_src, "gone").value());
  EXPECT_TRUE(m_places.make_empty(m_src, "gone").value());
  EXPECT_FALSE(look("gone").is_there);
  EXPECT_TRUE(m_places.remove_empty(m_src, "gone"));
  EXPECT_TRUE(fs::exists(m_src + "/gone"));
  EXPECT_TRUE(m_places.remove_empty(m_src, "gone"));
  EXPECT_FALSE(fs::exists(m_src + "/gone"));
}

TEST_F(PlacesTest, NoEmptyFolderStandsWhereATargetsListIsMade) {
  EXPECT_TRUE(m_places.make_empty(m_src, "gone").value());
  m_places.begin_reading(m_src);
  EXPECT_FALSE(fs::exists(m_src + "/gone"));
  EXPECT_FALSE(m_places.make_empty(m_src, "gone").value());
  EXPECT_FALSE(m_places.remove_empty(m_src, "gone"));
  m_places.end_reading(m_src);
  EXPECT_TRUE(m_places.make_empty(m_src, "gone").value());
}

TEST_F(PlacesTest, ANewPackageTakesTheEmptyFoldersPlace) {
  EXPECT_TRUE(m_places.make_empty(m_src, "gone").value());
  m_places.make_way(m_src, "gone");
  EXPECT_FALSE(fs::exists(m_src + "/gone"));
  m_folder.write("src/gone/a.txt", "new");
  EXPECT_FALSE(m_places.remove_empty(m_src, "gone"));
  EXPECT_TRUE(look("gone").is_there);
}

TEST_F(PlacesTest, APackageThatIsThereIsNeverTakenForEmpty) {
  EXPECT_FALSE(m_places.make_empty(m_src, "p").has_value());
  fs::create_directory_symlink(m_folder.path(), m_src + "/link");
  EXPECT_FALSE(m_places.make_empty(m_src, "link/gone").has_value());
}

}  // namespace
}  // namespace pulse2::mirroring
