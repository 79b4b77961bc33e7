#include "http/conditional.hpp"

#include <gtest/gtest.h>

#include "http/etag.hpp"

namespace pulse2::http {
namespace {

constexpr const char* k_same = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* k_older = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* k_newer = "Sun, 06 Nov 1994 08:49:38 GMT";

/// Decides for a file of 100 bytes with the tag "a", changed at k_same.
Decision decide_for(Fields fields, std::string method = "GET") {
  RequestHead head;
  head.method = std::move(method);
  head.fields = std::move(fields);
  return decide(head, {"\"a\"", 784111777}, 100);
}

int status_for(Fields fields, std::string method = "GET") {
  return decide_for(std::move(fields), std::move(method)).status;
}

TEST(Conditional, NoCondition) {
  EXPECT_EQ(status_for({}), 200);
}

TEST(Conditional, IfMatchComparesStrongly) {
  EXPECT_EQ(status_for({{"If-Match", "\"a\""}}), 200);
  EXPECT_EQ(status_for({{"if-match", "\"x\", \"a\""}}), 200);
  EXPECT_EQ(status_for({{"If-Match", "*"}}), 200);
  EXPECT_EQ(status_for({{"If-Match", "\"b\""}}), 412);
  EXPECT_EQ(status_for({{"If-Match", "W/\"a\""}}), 412);
  EXPECT_EQ(status_for({{"If-Match", ""}}), 412);
}

TEST(Conditional, IfUnmodifiedSince) {
  EXPECT_EQ(status_for({{"If-Unmodified-Since", k_older}}), 412);
  EXPECT_EQ(status_for({{"If-Unmodified-Since", k_same}}), 200);
  EXPECT_EQ(status_for({{"If-Unmodified-Since", "garbage"}}), 200);
  EXPECT_EQ(status_for({{"If-Match", "\"a\""}, {"If-Unmodified-Since", k_older}}), 200);
}

TEST(Conditional, IfNoneMatchComparesWeakly) {
  EXPECT_EQ(status_for({{"If-None-Match", "\"a\""}}), 304);
  EXPECT_EQ(status_for({{"If-None-Match", "W/\"a\""}}), 304);
  EXPECT_EQ(status_for({{"If-None-Match", "*"}}), 304);
  EXPECT_EQ(status_for({{"If-None-Match", "\"b\""}}), 200);
  EXPECT_EQ(status_for({{"If-None-Match", "\"b,\"a\""}}), 200);
  EXPECT_EQ(status_for({{"If-None-Match", "\"b\""}, {"If-None-Match", "\"a\""}}), 304);
  EXPECT_EQ(status_for({{"If-None-Match", "\"a\""}}, "HEAD"), 304);
}

TEST(Conditional, IfModifiedSinceAsRecorded) {
  EXPECT_EQ(status_for({{"If-Modified-Since", k_same}}), 304);
  EXPECT_EQ(status_for({{"If-Modified-Since", k_newer}}), 304);
  EXPECT_EQ(status_for({{"If-Modified-Since", "Sat, 01 Jan 2050 00:00:00 GMT"}}), 304);
  EXPECT_EQ(status_for({{"If-Modified-Since", k_older}}), 200);
  EXPECT_EQ(status_for({{"If-Modified-Since", "garbage"}}), 200);
}

TEST(Conditional, IfNoneMatchOverridesTheDate) {
  EXPECT_EQ(status_for({{"If-None-Match", "\"b\""}, {"If-Modified-Since", k_same}}), 200);
}

TEST(Conditional, FailedPreconditionComesBeforeNotModified) {
  EXPECT_EQ(status_for({{"If-Match", "\"b\""}, {"If-None-Match", "\"a\""}}), 412);
}

TEST(Conditional, Range) {
  const Decision decision = decide_for({{"Range", "bytes=0-9"}});
  EXPECT_EQ(decision.status, 206);
  EXPECT_EQ(decision.ranges, (std::vector<ByteRange>{{0, 9}}));
  EXPECT_EQ(status_for({{"Range", "bytes=100-"}}), 416);
  EXPECT_EQ(status_for({{"Range", "lines=0-5"}}), 200);
}

TEST(Conditional, RangeIsForGetOnly) {
  EXPECT_EQ(status_for({{"Range", "bytes=0-9"}}, "HEAD"), 200);
  EXPECT_EQ(status_for({{"Range", "bytes=100-"}}, "HEAD"), 200);
}

TEST(Conditional, NotModifiedComesBeforeRange) {
  EXPECT_EQ(status_for({{"If-None-Match", "\"a\""}, {"Range", "bytes=100-"}}), 304);
}

TEST(Conditional, IfRange) {
  const auto with = [](std::string condition) {
    return status_for({{"Range", "bytes=0-9"}, {"If-Range", std::move(condition)}});
  };
  EXPECT_EQ(with("\"a\""), 206);
  EXPECT_EQ(with("\"x\""), 200);
  EXPECT_EQ(with("W/\"a\""), 200);
  EXPECT_EQ(with(k_same), 206);
  EXPECT_EQ(with(k_newer), 200);
  EXPECT_EQ(with(k_older), 200);
  EXPECT_EQ(with("garbage"), 200);
  EXPECT_EQ(with(""), 200);
}

TEST(Conditional, ChangedFileIsSentWholeEvenForARangePastItsEnd) {
  EXPECT_EQ(status_for({{"Range", "bytes=500-"}, {"If-Range", "\"x\""}}), 200);
}

TEST(Etag, IsStrongAndQuoted) {
  const std::string tag = make_etag(4096, 1795392280'000000000, 77);
  EXPECT_EQ(tag.front(), '"');
  EXPECT_EQ(tag.back(), '"');
  EXPECT_TRUE(strong_match(tag, tag));
  EXPECT_FALSE(strong_match("W/" + tag, tag));
  EXPECT_TRUE(weak_match("W/" + tag, tag));
}

TEST(Etag, ChangesWithEachPart) {
  const std::string tag = make_etag(1, 2, 3);
  EXPECT_NE(tag, make_etag(2, 2, 3));
  EXPECT_NE(tag, make_etag(1, 3, 3));
  EXPECT_NE(tag, make_etag(1, 2, 4));
  EXPECT_NE(make_etag(1, 0x23, 4), make_etag(0x12, 3, 4));
}

}  // namespace
}  // namespace pulse2::http
