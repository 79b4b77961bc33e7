#include "http/target.hpp"

#include <gtest/gtest.h>

#include "http/percent.hpp"

namespace pulse2::http {
namespace {

using base::ErrorKind;

std::string path_of(std::string_view target) {
  const auto parsed = parse_target(target);
  return parsed ? parsed->path : "<" + std::string(base::name_of(parsed.error().kind)) + ">";
}

TEST(Target, OriginForm) {
  const auto target = parse_target("/mirror1_files/multi?x=1&y=%20");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/mirror1_files/multi");
  EXPECT_EQ(target->query, "x=1&y=%20");
  EXPECT_EQ(target->authority, "");
}

TEST(Target, AbsoluteForm) {
  const auto target = parse_target("http://127.0.0.1:9990/mirror1_files/multi/setup.sh?q");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/mirror1_files/multi/setup.sh");
  EXPECT_EQ(target->query, "q");
  EXPECT_EQ(target->authority, "127.0.0.1:9990");
  EXPECT_EQ(path_of("HTTPS://host"), "/");
  EXPECT_EQ(path_of("http://host?q"), "/");
}

TEST(Target, AsteriskForm) {
  EXPECT_EQ(path_of("*"), "*");
}

TEST(Target, OtherFormsAreRefused) {
  for (const char* target : {"", "host:443", "relative/path", "ftp://host/x", "http:///x", "?x",
                             "/a b", "/a\tb", "/a\x7f", "/a\r\nX: y", "://x/"}) {
    EXPECT_EQ(path_of(target), "<invalid_argument>") << target;
  }
}

TEST(Target, DecodesBytes) {
  EXPECT_EQ(path_of("/fichier%20avec%20espace.exe"), "/fichier avec espace.exe");
  EXPECT_EQ(path_of("/donn%C3%A9es%20%C3%A9t%C3%A9.txt"), "/données été.txt");
  EXPECT_EQ(path_of("/données%20été.txt"), "/données été.txt");
  EXPECT_EQ(path_of("/donn%E9es.txt"),
            "/donn\xE9"
            "es.txt");
  EXPECT_EQ(path_of("/sous%20fichier%2B100%25.txt"), "/sous fichier+100%.txt");
  EXPECT_EQ(path_of("/a+b%3f"), "/a+b?");
}

TEST(Target, WrongEscapesStayAsTheyAre) {
  EXPECT_EQ(path_of("/fichier%zzavec"), "/fichier%zzavec");
  EXPECT_EQ(path_of("/a%"), "/a%");
  EXPECT_EQ(path_of("/a%4"), "/a%4");
  EXPECT_EQ(path_of("/a%2%35"), "/a%25");
}

TEST(Target, NothingIsDecodedTwice) {
  EXPECT_EQ(path_of("/a%252fb"), "/a%2fb");
}

TEST(Target, NulIsABadRequest) {
  EXPECT_EQ(path_of("/multi%00"), "<invalid_argument>");
}

TEST(Target, EncodedSlashIsNoSeparator) {
  EXPECT_EQ(path_of("/mirror1_files/..%2f..%2fetc/passwd"), "<not_found>");
  EXPECT_EQ(path_of("/a%2Fb"), "<not_found>");
}

TEST(Target, DotSegments) {
  EXPECT_EQ(path_of("/mirror1_files/./multi/setup.sh"), "/mirror1_files/multi/setup.sh");
  EXPECT_EQ(path_of("/multi/."), "/multi/");
  EXPECT_EQ(path_of("/%2e/x"), "/x");
  EXPECT_EQ(path_of("/mirror1_files/../golden/x"), "<not_found>");
  EXPECT_EQ(path_of("/multi/%2e%2E/test"), "<not_found>");
  EXPECT_EQ(path_of("/multi/.."), "<not_found>");
  EXPECT_EQ(path_of("/multi/..."), "/multi/...");
  EXPECT_EQ(path_of("/multi/..a"), "/multi/..a");
}

TEST(Target, SlashesAtTheEndStayAndRepeatedOnesDoNot) {
  EXPECT_EQ(path_of("/"), "/");
  EXPECT_EQ(path_of("/multi/"), "/multi/");
  EXPECT_EQ(path_of("//a///b//"), "/a/b/");
}

TEST(Percent, EncodesAllButTheSafeBytes) {
  const std::string safe = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-/";
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    const std::string encoded = encode_path(text);
    if (safe.find(text) != std::string::npos) {
      EXPECT_EQ(encoded, text);
    } else {
      EXPECT_EQ(encoded.size(), 3U) << byte;
      EXPECT_EQ(encoded[0], '%') << byte;
    }
  }
  EXPECT_EQ(encode_path("/a b~'()&;$!*+é"), "/a%20b%7E%27%28%29%26%3B%24%21%2A%2B%C3%A9");
}

TEST(Percent, DecodingUndoesEncoding) {
  std::string all;
  for (int byte = 1; byte < 256; ++byte)
    all += static_cast<char>(byte);
  EXPECT_EQ(decode_path(encode_path(all)), all);
}

}  // namespace
}  // namespace pulse2::http
