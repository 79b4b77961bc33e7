#include "net/chunked.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pulse2::net {
namespace {

struct Decoded {
  std::string body;
  std::size_t consumed = 0;
  bool done = false;
  bool failed = false;
};

Decoded decode(std::string_view text, std::size_t chunk) {
  ChunkedDecoder decoder;
  Decoded result;
  while (result.consumed < text.size() && !decoder.done()) {
    const auto step = decoder.feed(text.substr(result.consumed, chunk));
    if (!step) {
      result.failed = true;
      return result;
    }
    result.body += step->data;
    result.consumed += step->consumed;
  }
  result.done = decoder.done();
  return result;
}

TEST(ChunkedDecoder, DecodesInEveryChunkSize) {
  const std::string coded =
      "5\r\nhello\r\nA;name=\"v\"\r\n0123456789\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n";
  const std::string text = coded + "GET /next";
  for (std::size_t chunk = 1; chunk <= text.size(); ++chunk) {
    const auto result = decode(text, chunk);
    EXPECT_TRUE(result.done) << chunk;
    EXPECT_EQ(result.body, "hello0123456789") << chunk;
    EXPECT_EQ(result.consumed, coded.size()) << chunk;
  }
}

TEST(ChunkedDecoder, RefusesWhatIsNotWellFormed) {
  for (const char* text :
       {"\r\n", "x\r\n", "-1\r\n", "5\nhello\r\n", "5\r\nhelloX\r\n", "5\r\nhello\n0\r\n\r\n",
        "1234567890123456\r\n", "0\r\nTrailer: x\n\r\n", " 5\r\nhello", "5;a\nb\r\n"}) {
    for (const std::size_t chunk : {1, 3, 100})
      EXPECT_TRUE(decode(text, chunk).failed) << text;
  }
}

TEST(ChunkedDecoder, LimitsWhatIsNoData) {
  EXPECT_TRUE(decode("1;" + std::string(100000, 'a'), 1000).failed);
  std::string trailers = "0\r\n";
  for (int i = 0; i < 10000; ++i)
    trailers += "A: b\r\n";
  EXPECT_TRUE(decode(trailers, 1000).failed);
}

}  // namespace
}  // namespace pulse2::net
