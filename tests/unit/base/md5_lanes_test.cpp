#include "base/md5_lanes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace pulse2::base {
namespace {

/// Longer than the padding's two blocks in every position, and than several blocks.
constexpr std::size_t k_longest = 330;

std::string random_text(std::mt19937& random, std::size_t size) {
  std::string text(size, '\0');
  std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
  return text;
}

/// The digests of the texts, each of which is taken in as one part.
std::vector<Md5Digest> digests_of(const std::vector<std::string>& texts, std::size_t lanes) {
  std::vector<Md5Message> messages(texts.size());
  std::vector<Md5Part> parts;
  for (std::size_t i = 0; i < texts.size(); ++i)
    parts.push_back({&messages[i], texts[i], true});
  md5_take(parts, lanes);
  std::vector<Md5Digest> digests;
  for (const auto& message : messages)
    digests.push_back(md5_digest(message));
  return digests;
}

void expect_openssls(const std::vector<std::string>& texts, std::size_t lanes) {
  const auto digests = digests_of(texts, lanes);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(to_hex(digests[i]), md5_hex(texts[i]))
        << texts[i].size() << " bytes, message " << i << " of " << texts.size() << ", " << lanes
        << " lanes";
  }
}

class Md5Lanes : public testing::TestWithParam<std::size_t> {
 protected:
  void SetUp() override {
    const auto& counts = md5_lane_counts();
    if (std::find(counts.begin(), counts.end(), GetParam()) == counts.end()) {
      GTEST_SKIP() << "this processor has no vectors of " << GetParam() << " lanes";
    }
  }
  std::mt19937 random{1321};  // NOLINT: the same texts in every run
};

TEST_P(Md5Lanes, EveryLengthAloneIsAsOpensslSays) {
  for (std::size_t size = 0; size <= k_longest; ++size)
    expect_openssls({random_text(random, size)}, GetParam());
}

TEST_P(Md5Lanes, EveryLengthInEveryNumberOfLanesIsAsOpensslSays) {
  for (std::size_t count = 2; count <= 2 * GetParam() + 1; ++count) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < count; ++i)
      texts.push_back(random_text(random, (i * 67 + count) % k_longest));
    expect_openssls(texts, GetParam());
  }
}

TEST_P(Md5Lanes, EveryLengthBesideOthersOfTheSameLength) {
  for (std::size_t size = 0; size <= k_longest; ++size) {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < GetParam(); ++i)
      texts.push_back(random_text(random, size));
    expect_openssls(texts, GetParam());
  }
}

TEST_P(Md5Lanes, RandomMixesOfLengths) {
  for (int round = 0; round < 100; ++round) {
    std::vector<std::string> texts;
    for (auto count = random() % 70; count > 0; --count)
      texts.push_back(random_text(random, random() % (round % 10 == 0 ? 20000 : 200)));
    expect_openssls(texts, GetParam());
  }
}

TEST_P(Md5Lanes, MessagesInPartsThatEndAtDifferentTimes) {
  std::vector<std::string> texts;
  for (int i = 0; i < 40; ++i)
    texts.push_back(random_text(random, random() % 5000));
  std::vector<Md5Message> messages(texts.size());
  std::vector<std::size_t> done(texts.size());
  for (bool is_over = false; !is_over;) {
    is_over = true;
    std::vector<Md5Part> parts;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (done[i] > texts[i].size()) continue;
      const std::size_t size = random() % 8 * 64;
      const bool is_last = done[i] + size >= texts[i].size();
      parts.push_back({&messages[i], std::string_view(texts[i]).substr(done[i], size), is_last});
      done[i] = is_last ? texts[i].size() + 1 : done[i] + size;
      is_over = false;
    }
    md5_take(parts, GetParam());
  }
  for (std::size_t i = 0; i < texts.size(); ++i)
    EXPECT_EQ(to_hex(md5_digest(messages[i])), md5_hex(texts[i])) << texts[i].size();
}

TEST_P(Md5Lanes, NothingToTakeIsNoWork) {
  md5_take({}, GetParam());
}

INSTANTIATE_TEST_SUITE_P(All, Md5Lanes, testing::Values(1, 4, 8, 16),
                         [](const auto& instance) { return std::to_string(instance.param); });

TEST(Md5LaneCounts, AscendFromOne) {
  const auto& counts = md5_lane_counts();
  EXPECT_EQ(counts.front(), 1U);
  EXPECT_TRUE(std::is_sorted(counts.begin(), counts.end()));
}

}  // namespace
}  // namespace pulse2::base
