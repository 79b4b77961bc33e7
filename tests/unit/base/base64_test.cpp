#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace pulse2::base {
namespace {

struct Vector {
  std::string_view plain;
  std::string_view encoded;
};

// RFC 4648, section 10.
constexpr Vector k_vectors[] = {{"", ""},
                                {"f", "Zg=="},
                                {"fo", "Zm8="},
                                {"foo", "Zm9v"},
                                {"foob", "Zm9vYg=="},
                                {"fooba", "Zm9vYmE="},
                                {"foobar", "Zm9vYmFy"}};

TEST(Base64, EncodesAndDecodesTheVectorsOfTheRfc) {
  for (const auto& [plain, encoded] : k_vectors) {
    EXPECT_EQ(base64_encode(plain), encoded);
    EXPECT_EQ(base64_decode(encoded).value(), plain);
  }
}

TEST(Base64, DecodesTextThatArrivesInPartsOfAnySize) {
  const std::string text = "Zm9v\r\nYmFy\n Zm9vYg=\n=\n";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    Base64Decoder decoder;
    std::string bytes;
    for (std::size_t at = 0; at < text.size(); at += size) {
      ASSERT_TRUE(decoder.feed(std::string_view(text).substr(at, size), bytes));
    }
    ASSERT_TRUE(decoder.finish());
    EXPECT_EQ(bytes, "foobarfoob") << "in parts of " << size;
  }
}

TEST(Base64, DecodesTextWithLineBreaksInOnePassAndKeepsWhatIsThere) {
  std::string text;
  std::string plain = "before";
  for (int i = 0; i < 1000; ++i) {
    const std::string line(57, static_cast<char>('a' + i % 26));
    text += base64_encode(line) + (i % 2 == 0 ? "\n" : "\r\n");
    plain += line;
  }
  Base64Decoder decoder;
  std::string bytes = "before";
  ASSERT_TRUE(decoder.feed(text, bytes));
  ASSERT_TRUE(decoder.finish());
  EXPECT_EQ(bytes, plain);
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const std::string_view text :
       {"***", "Zg=", "Z", "Zm9v!", "=", "Z===", "Zg==Zg==", "Zg=a", "Zm9vY"}) {
    EXPECT_FALSE(base64_decode(text)) << text;
  }
}

}  // namespace
}  // namespace pulse2::base
