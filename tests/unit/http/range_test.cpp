#include "http/range.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pulse2::http {
namespace {

using Ranges = std::vector<ByteRange>;

void expect_partial(std::string_view header, std::uint64_t size, const Ranges& ranges) {
  const RangeRequest request = parse_range(header, size);
  EXPECT_EQ(request.outcome, RangeOutcome::partial) << header;
  EXPECT_EQ(request.ranges, ranges) << header;
}

void expect_outcome(std::string_view header, std::uint64_t size, RangeOutcome outcome) {
  const RangeRequest request = parse_range(header, size);
  EXPECT_EQ(request.outcome, outcome) << header;
  EXPECT_TRUE(request.ranges.empty()) << header;
}

std::string many_ranges(std::size_t count) {
  std::string header = "bytes=";
  for (std::size_t i = 0; i < count; ++i) {
    header += std::to_string(2 * i) + "-" + std::to_string(2 * i) + ",";
  }
  return header;
}

TEST(Range, ReadsTheExamplesOfRfc9110) {
  expect_partial("bytes=0-499", 10000, {{0, 499}});
  expect_partial("bytes=500-999", 10000, {{500, 999}});
  expect_partial("bytes=-500", 10000, {{9500, 9999}});
  expect_partial("bytes=9500-", 10000, {{9500, 9999}});
  expect_partial("bytes=0-0,-1", 10000, {{0, 0}, {9999, 9999}});
  expect_partial("bytes= 0-999, 4500-5499, -1000", 10000, {{0, 999}, {4500, 5499}, {9000, 9999}});
  expect_partial("bytes=500-600,601-999", 10000, {{500, 600}, {601, 999}});
}

TEST(Range, EndsAtTheLastByte) {
  expect_partial("bytes=0-99999", 4096, {{0, 4095}});
  expect_partial("bytes=10-", 4096, {{10, 4095}});
  expect_partial("bytes=4095-99999999999999999999999", 4096, {{4095, 4095}});
}

TEST(Range, SuffixLongerThanTheFileIsTheWholeFile) {
  expect_partial("bytes=-99999", 4096, {{0, 4095}});
  expect_partial("bytes=-99999999999999999999999", 4096, {{0, 4095}});
}

TEST(Range, UnitIgnoresCase) {
  expect_partial("Bytes=0-1", 10, {{0, 1}});
}

TEST(Range, WrongSyntaxAndOtherUnitsAreIgnored) {
  for (const char* header :
       {"bytes=abc", "lines=0-5", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=5-2", "bytes=1",
        "bytes=0-1,x", "bytes=0-1-2", "bytes=+1-2", "bytes=1 -2", "", "=0-1", "bytes=0x1-2"}) {
    expect_outcome(header, 4096, RangeOutcome::whole);
  }
}

TEST(Range, PastTheEndIsUnsatisfiable) {
  expect_outcome("bytes=5000-", 4096, RangeOutcome::unsatisfiable);
  expect_outcome("bytes=4096-", 4096, RangeOutcome::unsatisfiable);
  expect_outcome("bytes=-0", 4096, RangeOutcome::unsatisfiable);
  expect_outcome("bytes=99999999999999999999999-", 4096, RangeOutcome::unsatisfiable);
  expect_outcome("bytes=5000-5001,6000-", 4096, RangeOutcome::unsatisfiable);
}

TEST(Range, PartsPastTheEndAreLeftOut) {
  expect_partial("bytes=5000-,0-1", 4096, {{0, 1}});
}

TEST(Range, EmptyFile) {
  expect_outcome("bytes=0-", 0, RangeOutcome::unsatisfiable);
  expect_outcome("bytes=0-0", 0, RangeOutcome::unsatisfiable);
  expect_outcome("bytes=-5", 0, RangeOutcome::whole);
}

TEST(Range, UpTo64RangesCount) {
  EXPECT_EQ(parse_range(many_ranges(64), 4096).ranges.size(), 64U);
  expect_outcome(many_ranges(65), 4096, RangeOutcome::whole);
}

TEST(Range, FloodOfOverlapsIsIgnored) {
  expect_outcome("bytes=0-,0-,0-,0-", 4096, RangeOutcome::whole);
  expect_outcome("bytes=0-,0-0", 4096, RangeOutcome::whole);
  expect_partial("bytes=0-9,5-14", 4096, {{0, 9}, {5, 14}});
}

TEST(Range, LargestSizes) {
  constexpr std::uint64_t k_most = ~std::uint64_t{0};
  expect_partial("bytes=0-18446744073709551615", k_most, {{0, k_most - 1}});
  expect_outcome("bytes=18446744073709551615-", k_most, RangeOutcome::unsatisfiable);
}

}  // namespace
}  // namespace pulse2::http
