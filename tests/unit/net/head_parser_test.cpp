#include "net/head_parser.hpp"

#include <gmock/gmock.h>

namespace pulse2::net {
namespace {

using State = HeadParser::State;

constexpr std::size_t k_limit = 64 << 10;

HeadParser parse(std::string_view text, State expected) {
  HeadParser parser(k_limit);
  EXPECT_EQ(parser.feed(text).state, expected) << text;
  return parser;
}

void expect_refused(std::string_view text, int status) {
  const auto parser = parse(text, State::refused);
  EXPECT_EQ(parser.refusal_status(), status) << text;
  EXPECT_FALSE(parser.refusal_reason().empty());
}

TEST(HeadParser, GivesTheSameForEveryChunkSize) {
  const std::string head =
      "\r\nPOST /a%20b/donn\xc3\xa9\x65s?x=1 HTTP/1.1\r\nHost: h:1\r\nTransfer-Encoding: "
      "chunked\r\n"
      "Expect: 100-continue\r\nX-Empty:\r\n\r\n";
  const std::string text = head + "body";
  for (std::size_t chunk = 1; chunk <= text.size(); ++chunk) {
    HeadParser parser(k_limit);
    HeadParser::Progress progress;
    std::size_t at = 0;
    while (progress.state == State::need_more && at < text.size()) {
      const auto part = std::string_view(text).substr(at, chunk);
      progress = parser.feed(part);
      at += progress.consumed;
      if (progress.state == State::need_more) {
        EXPECT_EQ(progress.consumed, part.size());
      }
    }
    ASSERT_EQ(progress.state, State::complete) << "chunks of " << chunk;
    EXPECT_EQ(at, head.size()) << "chunks of " << chunk;
    const auto& read = parser.head();
    EXPECT_EQ(read.method, "POST");
    EXPECT_EQ(read.path, "/a b/donn\xc3\xa9\x65s");
    EXPECT_EQ(read.query, "x=1");
    EXPECT_TRUE(read.chunked);
    EXPECT_TRUE(read.expect_continue);
    EXPECT_TRUE(read.keep_alive);
    EXPECT_EQ(read.header("host"), "h:1");
  }
}

TEST(HeadParser, KnowsWhoKeepsTheConnection) {
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: h\r\n\r\n", State::complete).head().keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\n\r\n", State::complete).head().keep_alive);
  EXPECT_TRUE(
      parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", State::complete).head().keep_alive);
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", State::complete)
                   .head()
                   .keep_alive);
}

TEST(HeadParser, IsNotToldAboutTheConnectionByAProxysField) {
  EXPECT_FALSE(parse("GET / HTTP/1.0\r\nProxy-Connection: keep-alive\r\n\r\n", State::complete)
                   .head()
                   .keep_alive);
  EXPECT_TRUE(parse("GET / HTTP/1.1\r\nHost: h\r\nProxy-Connection: close\r\n\r\n", State::complete)
                  .head()
                  .keep_alive);
}

TEST(HeadParser, TakesAbsoluteTargets) {
  auto parser = parse("GET http://h:1/x/y?q HTTP/1.1\r\nHost: h:1\r\n\r\n", State::complete);
  EXPECT_EQ(parser.head().path, "/x/y");
}

TEST(HeadParser, KeepsTheConnectionOfATargetThatCanNotBeServed) {
  const auto parser = parse("GET /a/../b HTTP/1.1\r\nHost: h\r\n\r\n", State::complete);
  ASSERT_TRUE(parser.target_error().has_value());
  EXPECT_EQ(parser.target_error()->kind, base::ErrorKind::not_found);
  EXPECT_EQ(parse("GET /a%00 HTTP/1.1\r\nHost: h\r\n\r\n", State::complete).target_error()->kind,
            base::ErrorKind::invalid_argument);
}

TEST(HeadParser, RefusesAmbiguousBodies) {
  expect_refused(
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
  expect_refused(
      "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400);
  expect_refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
                 400);
  expect_refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
                 400);
  expect_refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3, 3\r\n\r\n", 400);
  expect_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
  expect_refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501);
  expect_refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: xchunked\r\n\r\n", 501);
}

TEST(HeadParser, RefusesBadLengths) {
  for (const char* value : {"-5", "abc", "+3", "0x10", "", "18446744073709551616", "3 3"}) {
    expect_refused(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::string(value) + "\r\n\r\n", 400);
  }
}

TEST(HeadParser, RefusesLooseLines) {
  expect_refused("GET / HTTP/1.1\nHost: h\n\n", 400);
  expect_refused("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", 400);
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400);
  expect_refused("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400);
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\nX : y\r\n\r\n", 400);
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400);
  expect_refused(std::string("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 36), 400);
  expect_refused("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400);
  expect_refused("GET /\r\n\r\n", 400);
  expect_refused("\x16\x03\x01\x02\r\n\r\n", 400);
}

TEST(HeadParser, WantsOneHost) {
  expect_refused("GET / HTTP/1.1\r\n\r\n", 400);
  expect_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400);
}

TEST(HeadParser, KnowsItsVersions) {
  expect_refused("GET / HTTP/9.9\r\n\r\n", 505);
  expect_refused("PRI * HTTP/2.0\r\n\r\n", 505);
  expect_refused("GET / HTTP/1.11\r\nHost: h\r\n\r\n", 400);
  expect_refused("GET / HTTP/1.1\r\nHost: h\r\nExpect: miracle\r\n\r\n", 417);
}

TEST(HeadParser, LimitsTheHead) {
  const std::string endless(1 << 20, 'a');
  expect_refused("GET /" + endless, 431);
  expect_refused("GET /" + endless + " HTTP/1.1\r\nHost: h\r\n\r\n", 431);
  HeadParser parser(k_limit);
  std::size_t fed = 0;
  while (parser.feed("X").state == State::need_more)
    ++fed;
  EXPECT_EQ(fed, k_limit);
}

TEST(HeadParser, TakesHeadsUpToTheLimit) {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  const std::string head = start + std::string(k_limit - start.size() - 4, 'a') + "\r\n\r\n";
  parse(head, State::complete);
}

}  // namespace
}  // namespace pulse2::net
