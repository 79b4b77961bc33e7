#include "base/text_packer.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <stdexcept>
#include <string>

namespace pulse2::base {
namespace {

std::string unpacked(const TextPacker& packer, const std::string& text) {
  std::string out = "before";
  packer.unpack(packer.pack(text), text.size(), out);
  EXPECT_EQ(out.substr(0, 6), "before");
  return out.substr(6);
}

TEST(TextPacker, gives_every_text_back) {
  const TextPacker packer("a sample that texts have something in common with");
  for (const std::string& text :
       {std::string(), std::string("x"), std::string("abc"), std::string("a sample that"),
        std::string("something else"), std::string(100'000, 'r'), std::string("\0\xff\0\xff", 4)}) {
    EXPECT_EQ(unpacked(packer, text), text);
  }
}

TEST(TextPacker, gives_texts_of_all_lengths_back) {
  const TextPacker packer("0123456789");
  std::string text;
  for (int i = 0; i < 700; ++i) {
    EXPECT_EQ(unpacked(packer, text), text);
    // Now literal, now repeated, so that the counts of both grow past one byte.
    text += static_cast<char>(i % 2 == 0 ? 'a' + i % 26 : i % 251);
  }
}

TEST(TextPacker, gives_random_texts_back) {
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same texts each time
  for (int round = 0; round < 300; ++round) {
    std::string sample(random() % 500, '\0');
    std::string text(random() % 5000, '\0');
    const auto letters = 1 + random() % 8;
    for (char& byte : sample)
      byte = static_cast<char>('a' + random() % letters);
    for (char& byte : text)
      byte = static_cast<char>('a' + random() % letters);
    ASSERT_EQ(unpacked(TextPacker(sample), text), text) << "round " << round;
  }
}

TEST(TextPacker, refuses_what_it_did_not_pack) {
  const TextPacker packer("a sample");
  std::string out;
  EXPECT_THROW(packer.unpack("\xff\xff\xff", 100, out), std::invalid_argument);
  EXPECT_THROW(packer.unpack(packer.pack("short"), 100, out), std::invalid_argument);
}

TEST(TextPacker, finds_what_stands_far_back_and_gives_up_beyond) {
  const TextPacker packer("");
  std::string far;
  std::mt19937 random(7);  // NOLINT(cert-msc51-cpp): the same text each time
  for (int i = 0; i < 70'000; ++i)
    far += static_cast<char>(random());
  const std::string text = far + far;
  EXPECT_EQ(unpacked(packer, text), text);
}

TEST(TextPacker, keeps_what_resembles_the_sample_small) {
  const std::string sample =
      "<member><name>label</name><value><string>Text</string></value></member>";
  const TextPacker packer(sample);
  EXPECT_LT(packer.pack(sample).size(), sample.size() / 2);
}

TEST(TextPacker, uses_the_end_of_a_sample_that_is_too_long) {
  const std::string end = "what the texts have in common";
  const TextPacker packer(std::string(100'000, ' ') + end);
  EXPECT_EQ(unpacked(packer, end), end);
  EXPECT_LT(packer.pack(end + "!").size(), end.size());
}

}  // namespace
}  // namespace pulse2::base
