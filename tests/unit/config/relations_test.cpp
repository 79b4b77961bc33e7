#include <gmock/gmock.h>

#include "config/load.hpp"

namespace pulse2::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<std::string> errors_of(const std::string& sections) {
  std::vector<std::string> all;
  for (const auto& error : load("[main]\n" + sections, "f.ini").errors) {
    all.push_back(error.to_text());
  }
  return all;
}

std::string section(const std::string& name, const std::string& mount, const std::string& src) {
  return "[" + name + "]\nmount_point = " + mount + "\nsrc = " + src + "\n";
}

TEST(MountPoints, MayBeSharedByThreeKindsOfOneTree) {
  EXPECT_THAT(errors_of(section("mirror:1", "/appstream", "/p") +
                        section("package_api_get:1", "/appstream", "/p/") +
                        section("package_api_put:1", "/appstream/", "/p")),
              IsEmpty());
}

TEST(MountPoints, MayNotBeSharedByDifferentTrees) {
  EXPECT_THAT(errors_of(section("mirror:1", "/a", "/p") + section("package_api_get:1", "/a", "/q")),
              ElementsAre(AllOf(HasSubstr("f.ini:6: [package_api_get:1] mount_point = /a"),
                                HasSubstr("[mirror:1] has it too (line 3)"))));
}

TEST(MountPoints, MayNotBeSharedByTwoOfAKind) {
  EXPECT_THAT(errors_of(section("mirror:1", "/a", "/p") + section("mirror:2", "/a", "/p")),
              ElementsAre(HasSubstr("[mirror:1] has it too")));
}

TEST(MountPoints, OfDefaultsCollideToo) {
  EXPECT_THAT(errors_of("[mirror_api]\n[package_api_put:1]\nsrc = /p\n"),
              ElementsAre(AllOf(HasSubstr("f.ini:3: [package_api_put:1] mount_point = /rpc"),
                                HasSubstr("[mirror_api] has it too (line 2)"))));
}

TEST(MountPoints, OfTheServerAndOfMirrorFilesAreReserved) {
  EXPECT_THAT(errors_of("[mirror_api]\nmount_point = /desc\n"),
              ElementsAre(HasSubstr("/desc is a page of the server")));
  EXPECT_THAT(errors_of("[mirror_api]\nmount_point = /m_files\n" + section("mirror:1", "/m", "/p")),
              ElementsAre(AllOf(HasSubstr("[mirror_api]"), HasSubstr("the files of [mirror:1]"))));
  EXPECT_THAT(errors_of(section("package_api_get:1", "/m_files", "/p")), IsEmpty());
}

TEST(MountPoints, ArePathsBelowTheRoot) {
  for (const char* wrong : {"", "/", "rpc", "/a//b", "/a/../b", "/a b", "/a?b", "/a%20b"}) {
    EXPECT_THAT(errors_of(std::string("[mirror_api]\nmount_point = ") + wrong + "\n"),
                ElementsAre(HasSubstr("expected a URL path")))
        << wrong;
  }
}

TEST(MountPoints, ThatCouldNotBeReadCauseNoFurtherErrors) {
  EXPECT_THAT(errors_of("[mirror_api]\n" + section("package_api_put:1", "rpc", "/p")),
              ElementsAre(Not(HasSubstr("has it too"))));
  EXPECT_THAT(errors_of(section("mirror:1", "/a", "p") + section("package_api_get:1", "/a", "/p")),
              ElementsAre(HasSubstr("expected an absolute path")));
}

TEST(Trees, MayNotLieInsideEachOther) {
  EXPECT_THAT(errors_of(section("mirror:1", "/a", "/p") + section("mirror:2", "/b", "/p//sub/") +
                        section("package_api_get:1", "/c", "/p/sub")),
              ElementsAre(AllOf(HasSubstr("f.ini:7: [mirror:2] src = /p/sub"),
                                HasSubstr("inside /p of [mirror:1] (line 4)"))));
  EXPECT_THAT(errors_of(section("mirror:1", "/a", "/p/x/..") + section("mirror:2", "/b", "/p/y")),
              ElementsAre(HasSubstr("inside")));
  EXPECT_THAT(errors_of(section("mirror:1", "/a", "/p") + section("mirror:2", "/b", "/p2")),
              IsEmpty());
}

}  // namespace
}  // namespace pulse2::config
