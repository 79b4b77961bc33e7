#include <gtest/gtest.h>

#include "http/basic_auth.hpp"
#include "http/encoding.hpp"
#include "http/mime.hpp"

namespace pulse2::http {
namespace {

TEST(Mime, AsRecorded) {
  EXPECT_EQ(mime_type("b.txt"), "text/plain");
  EXPECT_EQ(mime_type("conf.xml"), "application/xml");
  EXPECT_EQ(mime_type("setup.sh"), "text/x-sh");
  EXPECT_EQ(mime_type("setup.exe"), "application/x-msdos-program");
  EXPECT_EQ(mime_type("install.bat"), "application/x-msdos-program");
  EXPECT_EQ(mime_type("a.bin"), "application/octet-stream");
}

TEST(Mime, DifferencesFromTheRecordings) {
  EXPECT_EQ(mime_type("MD5SUMS"), "text/plain");
  EXPECT_EQ(mime_type("empty.dat"), "application/octet-stream");
  EXPECT_EQ(mime_type("noextension"), "application/octet-stream");
}

TEST(Mime, LooksAtTheLastSuffixOfTheNameOnly) {
  EXPECT_EQ(mime_type("/a.txt/file"), "application/octet-stream");
  EXPECT_EQ(mime_type("/a/SETUP.EXE"), "application/x-msdos-program");
  EXPECT_EQ(mime_type("a.txt.zip"), "application/zip");
  EXPECT_EQ(mime_type("a."), "application/octet-stream");
  EXPECT_EQ(mime_type(""), "application/octet-stream");
  EXPECT_EQ(mime_type("a.averylongsuffix"), "application/octet-stream");
}

TEST(BasicAuth, ReadsRfc7617Examples) {
  const auto aladdin = parse_basic_auth("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  ASSERT_TRUE(aladdin);
  EXPECT_EQ(aladdin->username, "Aladdin");
  EXPECT_EQ(aladdin->password, "open sesame");
  const auto pound = parse_basic_auth("basic  dGVzdDoxMjPCow==");
  ASSERT_TRUE(pound);
  EXPECT_EQ(pound->username, "test");
  EXPECT_EQ(pound->password, "123£");
}

TEST(BasicAuth, PasswordMayHoldColons) {
  const auto given = parse_basic_auth("Basic dTphOmI=");
  ASSERT_TRUE(given);
  EXPECT_EQ(given->username, "u");
  EXPECT_EQ(given->password, "a:b");
}

TEST(BasicAuth, RefusesAllElse) {
  for (const char* header : {"", "Basic", "Basic ", "Bearer abc", "Basic !!!!", "Basic YWJj"}) {
    EXPECT_FALSE(parse_basic_auth(header)) << header;
  }
}

TEST(BasicAuth, BothPartsCount) {
  const Credentials given{"mmc", "s3cr3t"};
  EXPECT_TRUE(credentials_match(given, "mmc", "s3cr3t"));
  EXPECT_FALSE(credentials_match(given, "mmc", "s3cr3T"));
  EXPECT_FALSE(credentials_match(given, "mm", "s3cr3t"));
}

TEST(BasicAuth, ChallengeQuotesTheRealm) {
  const Response response = unauthorized("a \"b\"");
  EXPECT_EQ(response.status, 401);
  EXPECT_EQ(find_field(response.headers, "WWW-Authenticate"),
            "Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\"");
}

TEST(AcceptEncoding, Rfc9110Examples) {
  EXPECT_TRUE(accepts_gzip("compress, gzip"));
  EXPECT_FALSE(accepts_gzip(""));
  EXPECT_TRUE(accepts_gzip("*"));
  EXPECT_FALSE(accepts_gzip("compress;q=0.5, gzip;q=0"));
  EXPECT_TRUE(accepts_gzip("gzip;q=1.0, identity; q=0.5, *;q=0"));
}

TEST(AcceptEncoding, Weights) {
  EXPECT_TRUE(accepts_gzip("GZIP ; Q=0.001"));
  EXPECT_TRUE(accepts_gzip("x-gzip"));
  EXPECT_FALSE(accepts_gzip("deflate, br"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.000"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0, *"));
  EXPECT_FALSE(accepts_gzip("gzip;q=0.5, identity"));
  EXPECT_FALSE(accepts_gzip("gzip;q=2"));
  EXPECT_FALSE(accepts_gzip("gzip;q=x"));
  EXPECT_FALSE(accepts_gzip("*;q=0"));
}

}  // namespace
}  // namespace pulse2::http
