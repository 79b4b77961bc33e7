#include "base/names.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pulse2::base {
namespace {

using std::string_literals::operator""s;

TEST(Names, OrdinaryNamesPass) {
  for (const std::string& name : {"a..b.exe"s, "..."s, "fichier été.exe"s, "~x"s, "a b"s}) {
    EXPECT_TRUE(check_component(name, "file name")) << name;
  }
  EXPECT_TRUE(check_relative_path("sub/file", "file name"));
  EXPECT_TRUE(check_relative_path("sub/", "file name"));
}

TEST(Names, HostileNamesAreRefusedWithAReason) {
  for (const std::string& name : {""s, "."s, ".."s, "a/b"s, "a\\b"s, "a\nb"s, "a\0b"s, "\x7f"s,
                                  "\xff"s, std::string(256, 'x')}) {
    const auto result = check_component(name, "file name");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::invalid_argument);
    EXPECT_NE(result.error().message.find("file name"), std::string::npos);
  }
  for (const std::string& path :
       {"/etc/passwd"s, "a/../b"s, "a//b"s, "./a"s, "/"s, ""s, "a/.."s, std::string(5000, 'x')}) {
    EXPECT_FALSE(check_relative_path(path, "file name")) << path;
  }
}

}  // namespace
}  // namespace pulse2::base
