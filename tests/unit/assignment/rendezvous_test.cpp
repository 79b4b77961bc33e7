#include "assignment/rendezvous.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

namespace pulse2::assignment {
namespace {

using Candidates = std::vector<std::string>;

constexpr int k_machines = 10'000;

const Candidates& four_mirrors() {
  static const Candidates mirrors = {
      "http://192.0.2.1:9990/mirror1", "http://192.0.2.1:9990/mirror2",
      "http://192.0.2.2:9990/mirror1", "https://mirror.example.org:9990/mirror1"};
  return mirrors;
}

std::string uuid_of(int machine) {
  return "UUID" + std::to_string(machine);
}

std::string chosen(int machine, const Candidates& candidates) {
  return candidates[choose(uuid_of(machine), candidates).value()];
}

std::string fallback(int machine, const Candidates& candidates) {
  return candidates[choose_fallback(uuid_of(machine), candidates).value()];
}

TEST(Rendezvous, NothingWithoutCandidates) {
  EXPECT_FALSE(choose("UUID1", {}).has_value());
  EXPECT_FALSE(choose_fallback("UUID1", {}).has_value());
}

TEST(Rendezvous, OneCandidateIsItsOwnFallback) {
  const Candidates one = {"http://a/mirror1"};
  EXPECT_EQ(choose("UUID1", one), 0U);
  EXPECT_EQ(choose_fallback("UUID1", one), 0U);
}

TEST(Rendezvous, SpreadsMachinesEvenly) {
  std::map<std::string, int> primary;
  std::map<std::string, int> secondary;
  for (int machine = 0; machine < k_machines; ++machine) {
    ++primary[chosen(machine, four_mirrors())];
    ++secondary[fallback(machine, four_mirrors())];
  }
  constexpr int k_share = k_machines / 4;
  for (const std::string& mirror : four_mirrors()) {
    EXPECT_NEAR(primary[mirror], k_share, k_share / 10) << mirror;
    EXPECT_NEAR(secondary[mirror], k_share, k_share / 10) << mirror;
  }
}

TEST(Rendezvous, TheOrderOfCandidatesDoesNotCount) {
  Candidates reversed = four_mirrors();
  std::reverse(reversed.begin(), reversed.end());
  for (int machine = 0; machine < k_machines; ++machine) {
    ASSERT_EQ(chosen(machine, four_mirrors()), chosen(machine, reversed));
    ASSERT_EQ(fallback(machine, four_mirrors()), fallback(machine, reversed));
  }
}

TEST(Rendezvous, RemovingOneMovesOnlyItsMachinesToTheirFallback) {
  Candidates fewer = four_mirrors();
  const std::string removed = fewer[1];
  fewer.erase(fewer.begin() + 1);
  for (int machine = 0; machine < k_machines; ++machine) {
    const std::string before = chosen(machine, four_mirrors());
    const std::string expected = before == removed ? fallback(machine, four_mirrors()) : before;
    ASSERT_EQ(chosen(machine, fewer), expected);
  }
}

TEST(Rendezvous, TheFallbackDiffersWithTwoCandidates) {
  const Candidates two = {"http://a/mirror1", "http://b/mirror1"};
  for (int machine = 0; machine < k_machines; ++machine) {
    ASSERT_NE(chosen(machine, two), fallback(machine, two));
  }
}

TEST(Rendezvous, TheFallbackIsAnotherTextWhereOneRepeats) {
  const Candidates repeated = {"http://a/mirror1", "http://a/mirror1", "http://b/mirror1"};
  for (int machine = 0; machine < 100; ++machine) {
    ASSERT_NE(chosen(machine, repeated), fallback(machine, repeated));
  }
}

/// An upgrade must not move machines: these answers are pinned.
TEST(Rendezvous, StaysTheSameAcrossVersions) {
  std::array<std::size_t, 8> answers{};
  for (std::size_t i = 0; i < answers.size(); ++i) {
    answers[i] = choose(uuid_of(static_cast<int>(i)), four_mirrors()).value();
  }
  EXPECT_EQ(answers, (std::array<std::size_t, 8>{0, 3, 0, 2, 2, 3, 3, 3}));
}

}  // namespace
}  // namespace pulse2::assignment
