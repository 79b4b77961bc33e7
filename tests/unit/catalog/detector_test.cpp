#include "catalog/detector.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pulse2::catalog {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

StabilityRules rules_of(bool last_time_modification, bool check_size) {
  return {last_time_modification, check_size, 60s, 30s};
}
const StabilityRules k_none = rules_of(false, false);
const StabilityRules k_modification = rules_of(true, false);
const StabilityRules k_size = rules_of(false, true);
const StabilityRules k_both = rules_of(true, true);

Fingerprint fingerprint(std::uint64_t content, std::uint64_t change = 1) {
  return {content, change};
}

class DetectorTest : public testing::Test {
 protected:
  DetectorTest() { clock.set(std::chrono::system_clock::time_point(1'000'000s)); }

  Moment now() const { return Moment::now(clock); }
  /// How a folder looks that was modified `age` ago.
  FolderLook look(std::uint64_t content, std::chrono::nanoseconds age, std::uint64_t size = 1) {
    return {fingerprint(content), {}, size, now().wall_ns - age.count()};
  }
  Findings judge(const StabilityRules& rules, std::vector<Sighting::Package> packages) {
    return detector.judge(known, {{""}, std::move(packages), {}}, rules, now());
  }

  os::ManualClock clock;
  Detector detector;
  std::vector<KnownFolder> known;
};

TEST_F(DetectorTest, a_folder_that_looks_as_known_is_no_finding) {
  known = {{"a", fingerprint(1), {}, true}};
  const auto findings = judge(k_none, {{"a", look(1, 0s)}});
  EXPECT_THAT(findings.complete, IsEmpty());
  EXPECT_THAT(findings.vanished, IsEmpty());
  EXPECT_FALSE(detector.next_due(k_none, now()));
}

TEST_F(DetectorTest, without_a_method_a_new_folder_is_taken_as_soon_as_nothing_moves) {
  EXPECT_THAT(judge(k_none, {{"a", look(1, 0s)}}).complete, IsEmpty());
  EXPECT_EQ(detector.next_due(k_none, now()), now().steady + k_quiet_time);
  clock.advance(k_quiet_time);
  EXPECT_THAT(judge(k_none, {{"a", look(1, k_quiet_time)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, a_folder_that_was_moved_in_is_taken_at_once) {
  EXPECT_THAT(judge(k_modification, {{"a", look(1, 61s)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, last_time_modification_waits_for_the_last_change) {
  EXPECT_THAT(judge(k_modification, {{"a", look(1, 0s)}}).complete, IsEmpty());
  clock.advance(59s);
  EXPECT_THAT(judge(k_modification, {{"a", look(2, 0s)}}).complete, IsEmpty());
  clock.advance(59s);
  EXPECT_THAT(judge(k_modification, {{"a", look(2, 59s)}}).complete, IsEmpty());
  EXPECT_EQ(detector.next_due(k_modification, now()), now().steady + 1s);
  clock.advance(1s);
  EXPECT_THAT(judge(k_modification, {{"a", look(2, 60s)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, times_to_come_hold_nothing_back_for_ever) {
  EXPECT_THAT(judge(k_modification, {{"a", look(1, -3600s)}}).complete, IsEmpty());
  clock.advance(60s);
  EXPECT_THAT(judge(k_modification, {{"a", look(1, -3540s)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, check_size_wants_the_same_size_in_two_rounds) {
  EXPECT_THAT(judge(k_size, {{"a", look(1, 3600s, 10)}}).complete, IsEmpty());
  clock.advance(30s);
  EXPECT_THAT(judge(k_size, {{"a", look(2, 3600s, 20)}}).complete, IsEmpty());
  clock.advance(29s);
  EXPECT_THAT(judge(k_size, {{"a", look(2, 3600s, 20)}}).complete, IsEmpty());
  EXPECT_EQ(detector.next_due(k_size, now()), now().steady + 1s);
  clock.advance(1s);
  EXPECT_THAT(judge(k_size, {{"a", look(2, 3600s, 20)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, both_methods_wait_for_both) {
  EXPECT_THAT(judge(k_both, {{"a", look(1, 0s)}}).complete, IsEmpty());
  clock.advance(30s);
  EXPECT_THAT(judge(k_both, {{"a", look(1, 30s)}}).complete, IsEmpty());
  clock.advance(30s);
  EXPECT_THAT(judge(k_both, {{"a", look(1, 60s)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, changed_files_disturb_a_package_until_it_is_complete) {
  known = {{"a", fingerprint(5), fingerprint(2), true}};
  const auto findings = judge(k_modification, {{"a", look(6, 0s)}});
  EXPECT_THAT(findings.disturbed, ElementsAre("a"));
  EXPECT_THAT(findings.complete, IsEmpty());
  // Withdrawn meanwhile: nothing is known of it.
  known = {{"a", {}, {}, false}};
  clock.advance(60s);
  const auto later = judge(k_modification, {{"a", look(6, 60s)}});
  EXPECT_THAT(later.disturbed, IsEmpty());
  EXPECT_THAT(later.complete, ElementsAre("a"));
}

TEST_F(DetectorTest, a_changed_description_disturbs_nothing) {
  known = {{"a", fingerprint(5), fingerprint(2), true}};
  FolderLook changed = look(6, 0s);
  changed.descriptions = fingerprint(3);
  const auto findings = judge(k_modification, {{"a", changed}});
  EXPECT_THAT(findings.disturbed, IsEmpty());
  EXPECT_THAT(findings.complete, IsEmpty());
  EXPECT_TRUE(detector.next_due(k_modification, now()));
}

TEST_F(DetectorTest, changed_rights_disturb_nothing) {
  known = {{"a", fingerprint(5, 1), {}, true}};
  FolderLook changed = look(5, 70s);
  changed.fingerprint.change = 2;
  const auto findings = judge(k_modification, {{"a", changed}});
  EXPECT_THAT(findings.disturbed, IsEmpty());
  EXPECT_THAT(findings.complete, ElementsAre("a"));
}

TEST_F(DetectorTest, what_a_call_changed_is_not_held_back) {
  known = {{"a", {}, {}, true}};
  const auto findings = judge(k_both, {{"a", look(6, 0s)}});
  EXPECT_THAT(findings.disturbed, IsEmpty());
  EXPECT_THAT(findings.complete, ElementsAre("a"));
}

TEST_F(DetectorTest, a_folder_without_description_has_vanished) {
  known = {{"a", fingerprint(1), {}, true}, {"b", fingerprint(2), {}, true}};
  EXPECT_THAT(judge(k_none, {{"b", look(2, 0s)}}).vanished, ElementsAre("a"));
}

TEST_F(DetectorTest, what_was_not_looked_at_has_not_vanished) {
  known = {{"a", fingerprint(1), {}, true},
           {"b/c", fingerprint(2), {}, true},
           {"b-d", fingerprint(3), {}, true}};
  std::sort(known.begin(), known.end(), [](auto& a, auto& b) { return a.folder < b.folder; });
  EXPECT_THAT(detector.judge(known, {{"b"}, {}, {}}, k_none, now()).vanished, ElementsAre("b/c"));
  EXPECT_THAT(detector.judge(known, {{""}, {}, {"b"}}, k_none, now()).vanished,
              ElementsAre("a", "b-d"));
}

TEST_F(DetectorTest, a_renamed_package_has_moved) {
  known = {{"a", fingerprint(7), {}, true}};
  const auto findings = judge(k_both, {{"z", look(7, 0s)}});
  EXPECT_THAT(findings.moved, ElementsAre(Pair("a", "z")));
  EXPECT_THAT(findings.vanished, IsEmpty());
  EXPECT_THAT(findings.complete, IsEmpty());
}

TEST_F(DetectorTest, what_is_handed_out_is_left_alone) {
  EXPECT_THAT(judge(k_none, {{"a", look(1, 60s)}}).complete, ElementsAre("a"));
  EXPECT_THAT(judge(k_none, {{"a", look(1, 60s)}}).complete, IsEmpty());
  EXPECT_THAT(detector.due(k_none, now()), IsEmpty());
}

TEST_F(DetectorTest, what_kept_changing_is_handed_out_again_after_a_while) {
  EXPECT_THAT(judge(k_none, {{"a", look(1, 60s)}}).complete, ElementsAre("a"));
  detector.put_off("a", now());
  EXPECT_THAT(judge(k_none, {{"a", look(1, 60s)}}).complete, IsEmpty());
  clock.advance(k_quiet_time);
  EXPECT_THAT(detector.due(k_none, now()), ElementsAre("a"));
  EXPECT_THAT(judge(k_none, {{"a", look(1, 60s)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, what_is_unusable_waits_for_a_change) {
  EXPECT_THAT(judge(k_none, {{"a", look(1, 60s)}}).complete, ElementsAre("a"));
  detector.dismiss("a");
  EXPECT_THAT(judge(k_none, {{"a", look(1, 60s)}}).complete, IsEmpty());
  EXPECT_FALSE(detector.next_due(k_none, now()));
  EXPECT_THAT(judge(k_none, {{"a", look(2, 60s)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, a_change_while_it_was_judged_is_not_dismissed_with_it) {
  EXPECT_THAT(judge(k_none, {{"a", look(1, 60s)}}).complete, ElementsAre("a"));
  EXPECT_THAT(judge(k_none, {{"a", look(2, 60s)}}).complete, IsEmpty());
  detector.dismiss("a");
  EXPECT_THAT(judge(k_none, {{"a", look(2, 60s)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, a_trusted_folder_is_not_held_back) {
  detector.trust("a");
  EXPECT_THAT(detector.due(k_both, now()), ElementsAre("a"));
  EXPECT_THAT(judge(k_both, {{"a", look(1, 0s)}}).complete, ElementsAre("a"));
}

TEST_F(DetectorTest, a_trusted_folder_that_is_missing_is_forgotten) {
  detector.trust("a");
  EXPECT_THAT(judge(k_both, {}).complete, IsEmpty());
  EXPECT_FALSE(detector.next_due(k_both, now()));
}

}  // namespace
}  // namespace pulse2::catalog
