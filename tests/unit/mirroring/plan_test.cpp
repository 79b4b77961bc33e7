#include "mirroring/plan.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>
#include <set>

namespace pulse2::mirroring {
namespace {

using namespace std::chrono_literals;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Result = Outcome::Result;

constexpr const char* k_src = "/p";

class Packages final : public PackageSource {
 public:
  [[nodiscard]] bool waits_for_files(std::string_view, std::string_view pid) const override {
    return waiting.contains(std::string(pid));
  }
  [[nodiscard]] std::optional<Package> next_package(std::string_view,
                                                    std::string_view folder) const override {
    const auto next = all.upper_bound(std::string(folder));
    if (next == all.end()) return std::nullopt;
    return Package{*next, *next};
  }

  std::set<std::string> all;  ///< folders and ids at once
  std::set<std::string> waiting;
};

class PlanTest : public testing::Test {
 protected:
  PlanTest() { m_options.srcs = {k_src}; }

  /// Targets that have everything.
  void configure(const std::vector<std::string>& targets) {
    m_options.targets.clear();
    for (const auto& name : targets)
      m_options.targets.push_back({name, 0, {}});
    m_options.round = 5s;
    configure();
    for (const auto& name : targets)
      m_plan.set_filled(k_src, name, m_now.date, m_now);
  }
  std::vector<std::uint64_t> configure() { return m_plan.configure(m_options, m_now); }

  void pass(std::chrono::seconds time) {
    m_now.steady += time;
    m_now.date += time;
  }
  void begin(const std::string& pid) { m_plan.begin_change(k_src, {{pid, pid}}, m_now); }
  void end(const std::string& pid) { m_plan.end_change(k_src, {{pid, pid}}); }
  void change(const std::string& pid) {
    begin(pid);
    end(pid);
  }
  /// Starts what is due and remembers it.
  std::vector<std::string> start() {
    std::vector<std::string> names;
    for (const Job& job : m_plan.start(m_now)) {
      const std::string what = job.kind == Job::Kind::tree           ? job.src
                               : job.kind == Job::Kind::verification ? "?" + job.package.pid
                                                                     : job.package.pid;
      names.push_back(what + "@" + job.target);
      m_jobs[names.back()] = job;
    }
    return names;
  }
  std::vector<std::string> start_next_round() {
    pass(m_options.round);
    return start();
  }
  Plan::Finished finish(const std::string& name, Result result = Result::done) {
    return m_plan.finish(m_jobs.at(name).id, {result, "why"}, m_now);
  }
  bool is_held(const std::string& pid) { return m_plan.is_held(k_src, pid); }

  Packages m_packages;
  PlanOptions m_options = [] {
    PlanOptions options;
    options.copies_trees = false;
    return options;
  }();
  Plan m_plan{m_packages, 1};
  Moment m_now{std::chrono::steady_clock::time_point(1h), std::chrono::system_clock::now(), 0};
  std::map<std::string, Job> m_jobs;
};

TEST_F(PlanTest, AChangeIsCopiedToEveryTarget) {
  configure({"a", "b"});
  EXPECT_FALSE(is_held("p"));
  change("p");
  EXPECT_TRUE(is_held("p"));
  EXPECT_THAT(start_next_round(), UnorderedElementsAre("p@a", "p@b"));
  EXPECT_TRUE(finish("p@a").cleared);
  EXPECT_TRUE(is_held("p"));
  EXPECT_THAT(m_plan.synchronised(k_src, "p"), ElementsAre(true, false));
  finish("p@b");
  EXPECT_FALSE(is_held("p"));
  EXPECT_FALSE(m_plan.is_pending(k_src, "p"));
  EXPECT_THAT(start_next_round(), IsEmpty());
}

TEST_F(PlanTest, NothingIsCopiedWhileAChangeIsOpen) {
  configure({"a"});
  begin("p");
  EXPECT_THAT(start_next_round(), IsEmpty());
  EXPECT_TRUE(is_held("p"));
  end("p");
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
}

TEST_F(PlanTest, ChangesDuringARunAreCopiedByOneMoreRun) {
  configure({"a"});
  change("p");
  start_next_round();
  change("p");
  change("p");
  EXPECT_THAT(start_next_round(), IsEmpty()) << "one run at a time";
  EXPECT_FALSE(finish("p@a").cleared);
  EXPECT_TRUE(is_held("p"));
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
  EXPECT_TRUE(finish("p@a").cleared);
  EXPECT_THAT(start_next_round(), IsEmpty());
}

TEST_F(PlanTest, ARunThatEndsWhileAChangeIsOpenDoesNotCount) {
  configure({"a"});
  change("p");
  start_next_round();
  begin("p");
  EXPECT_FALSE(finish("p@a").cleared);
  EXPECT_THAT(start_next_round(), IsEmpty());
  end("p");
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
}

TEST_F(PlanTest, ChangesWaitForTheNextRound) {
  configure({"a"});
  start();
  change("p");
  EXPECT_THAT(start(), IsEmpty());
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
}

TEST_F(PlanTest, AFailureIsTriedAgainAtGrowingIntervals) {
  configure({"a"});
  change("p");
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
  std::chrono::milliseconds expected = 5s;
  for (int i = 0; i < 4; ++i, expected *= 2) {
    finish("p@a", Result::package_failed);
    const auto wait = m_plan.next_wake();
    m_now.steady += expected * 7 / 10;
    EXPECT_THAT(start(), IsEmpty()) << i;
    m_now.steady += expected * 6 / 10;
    EXPECT_THAT(start(), ElementsAre("p@a")) << i;
    EXPECT_LE(wait, m_now.steady);
  }
}

TEST_F(PlanTest, AFailedPackageDoesNotDelayOthers) {
  configure({"a"});
  change("bad");
  change("good");
  EXPECT_THAT(start_next_round(), UnorderedElementsAre("bad@a", "good@a"));
  finish("bad@a", Result::package_failed);
  finish("good@a");
  change("other");
  EXPECT_THAT(start_next_round(), testing::Contains("other@a"));
}

TEST_F(PlanTest, ADeadTargetIsProbedWithOneRunAndDelaysNoOther) {
  configure({"dead", "alive"});
  for (const char* pid : {"p1", "p2", "p3"})
    change(pid);
  start_next_round();
  finish("p1@dead", Result::target_failed);
  const auto events = m_plan.take_events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(Event::Kind::target_down, events[0].kind);
  EXPECT_EQ("why", events[0].text);
  for (const char* pid : {"p1", "p2", "p3"}) {
    if (!m_jobs.contains(std::string(pid) + "@alive")) start();
    finish(std::string(pid) + "@alive");
  }
  for (auto& [name, job] : m_jobs) {
    if (job.target == "dead" && name != "p1@dead") finish(name, Result::target_failed);
  }
  EXPECT_THAT(m_plan.status(m_now)[0].running, IsEmpty());
  pass(60s);
  EXPECT_THAT(start(), SizeIs(1)) << "the probe";
  EXPECT_THAT(start(), IsEmpty());
}

TEST_F(PlanTest, AProbeThatSucceedsBringsTheTargetBack) {
  configure({"a"});
  change("p1");
  change("p2");
  start_next_round();
  finish("p1@a", Result::package_failed);
  finish("p2@a", Result::target_failed);
  (void)m_plan.take_events();
  pass(13s);
  const auto probe = start();
  ASSERT_THAT(probe, SizeIs(1));
  finish(probe[0]);
  EXPECT_EQ(Event::Kind::target_back, m_plan.take_events().at(0).kind);
  EXPECT_THAT(start(), SizeIs(1)) << "what failed is tried at once";
  EXPECT_EQ(true, m_plan.status(m_now)[0].is_reachable);
}

TEST_F(PlanTest, DifferentPackagesThatFailMeanThatTheTargetIsDown) {
  configure({"a"});
  m_options.processes = 1;
  configure();
  for (const char* pid : {"p1", "p2", "p3", "p4"})
    change(pid);
  pass(5s);
  for (int i = 0; i < 3; ++i) {
    const auto started = start();
    ASSERT_THAT(started, SizeIs(1));
    finish(started[0], Result::package_failed);
  }
  EXPECT_THAT(m_plan.take_events(), SizeIs(1));
  EXPECT_THAT(start(), IsEmpty());
}

TEST_F(PlanTest, ProcessesAreBoundedAndEveryTargetHasOne) {
  configure({"a", "b", "c"});
  m_options.processes = 4;
  configure();
  for (int i = 0; i < 10; ++i)
    m_plan.fill(k_src, {"a"}, {{"p" + std::to_string(i), "p" + std::to_string(i)}}, m_now);
  EXPECT_THAT(start(), SizeIs(2)) << "one is kept free for each of the other targets";
  change("q");
  EXPECT_THAT(start_next_round(), UnorderedElementsAre("q@b", "q@c"));
  EXPECT_THAT(start(), IsEmpty());
}

TEST_F(PlanTest, OutsideOfItsWindowsATargetGetsNothing) {
  m_options.targets = {{"a", 0, *base::DayWindows::parse("20:00-06:00")}};
  configure();
  m_plan.set_filled(k_src, "a", m_now.date, m_now);
  change("p");
  m_now.minute = 12 * 60;
  EXPECT_THAT(start_next_round(), IsEmpty());
  EXPECT_FALSE(m_plan.status(m_now)[0].is_in_window);
  m_now.minute = 23 * 60;
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
}

TEST_F(PlanTest, AFrozenTreeIsCopiedNowhere) {
  m_options.copies_trees = true;
  configure({"a"});
  m_plan.set_frozen(k_src, true);
  change("p");
  EXPECT_THAT(start_next_round(), IsEmpty());
  m_plan.set_frozen(k_src, false);
  EXPECT_THAT(start_next_round(), UnorderedElementsAre("/p@a", "p@a"));
}

TEST_F(PlanTest, APackageThatWaitsForItsFilesIsNotCopied) {
  configure({"a"});
  m_packages.waiting = {"p"};
  change("p");
  EXPECT_THAT(start_next_round(), IsEmpty());
  EXPECT_THAT(m_plan.synchronised(k_src, "p"), ElementsAre(false));
  m_packages.waiting.clear();
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
}

TEST_F(PlanTest, TreesAreCopiedAtTheStartAndFromTimeToTime) {
  m_options.copies_trees = true;
  m_options.tree_round = 100s;
  configure({"a", "b"});
  EXPECT_THAT(start(), UnorderedElementsAre("/p@a", "/p@b"));
  finish("/p@a");
  pass(99s);
  EXPECT_THAT(start(), IsEmpty());
  pass(1s);
  EXPECT_THAT(start(), ElementsAre("/p@a")) << "b's runs still";
}

TEST_F(PlanTest, WhatIsCopiedDuringATreeRunThatBeganBeforeIsCopiedAgain) {
  m_options.copies_trees = true;
  configure({"a"});
  start();
  change("p");
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
  EXPECT_FALSE(finish("p@a").cleared) << "the tree's run may have deleted it again";
  EXPECT_THAT(start_next_round(), IsEmpty());
  finish("/p@a");
  EXPECT_THAT(start(), ElementsAre("p@a"));
  EXPECT_TRUE(finish("p@a").cleared);
}

TEST_F(PlanTest, ASweepAfterADeletionDoesNotLoseWhatIsCopiedMeanwhile) {
  configure({"a"});
  change("gone");
  start_next_round();
  m_plan.begin_sweep(m_jobs.at("gone@a").id);
  change("new");
  start_next_round();
  EXPECT_FALSE(finish("new@a").cleared);
  EXPECT_TRUE(finish("gone@a").cleared) << "its own sweep does not count";
  EXPECT_THAT(start(), ElementsAre("new@a"));
  EXPECT_TRUE(finish("new@a").cleared);
}

TEST_F(PlanTest, PackagesAreHeldForSoManyTargetsAsAreAskedFor) {
  m_options.hold = 1;
  configure({"a", "b"});
  change("p");
  EXPECT_TRUE(is_held("p"));
  EXPECT_FALSE(m_plan.holds_nothing());
  start_next_round();
  const auto version = m_plan.version();
  finish("p@b");
  EXPECT_FALSE(is_held("p"));
  EXPECT_GT(m_plan.version(), version);
  EXPECT_TRUE(m_plan.holds_nothing());
  EXPECT_THAT(m_plan.synchronised(k_src, "p"), ElementsAre(false, true));
  m_options.hold = 0;
  configure();
  change("q");
  EXPECT_FALSE(is_held("q"));
}

TEST_F(PlanTest, APackageHeldTooLongIsReportedOnceATime) {
  m_options.hold_warning = 100s;
  configure({"a", "b"});
  change("p");
  start_next_round();
  finish("p@a");
  finish("p@b", Result::target_failed);
  (void)m_plan.take_events();
  for (int i = 0; i < 30; ++i) {
    start_next_round();
    if (m_jobs.contains("p@b")) finish("p@b", Result::target_failed);
  }
  const auto events = m_plan.take_events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(Event::Kind::held, events[0].kind);
  EXPECT_EQ("b", events[0].target);
  EXPECT_EQ("p", events[0].pid);
  EXPECT_EQ("why", events[0].text);
}

TEST_F(PlanTest, ANewTargetLacksEverything) {
  configure({"a"});
  m_options.targets.push_back({"b", 0, {}});
  EXPECT_THAT(configure(), IsEmpty());
  EXPECT_TRUE(is_held("p")) << "nothing is known of b";
  EXPECT_THAT(m_plan.unfilled(k_src), ElementsAre("b"));
  m_plan.fill(k_src, {"b"}, {{"p", "p"}}, m_now);
  EXPECT_THAT(m_plan.synchronised(k_src, "p"), ElementsAre(true, false));
  EXPECT_FALSE(is_held("other"));
  EXPECT_THAT(start_next_round(), ElementsAre("p@b"));
}

TEST_F(PlanTest, ARemovedTargetIsForgottenAndItsRunsAreStopped) {
  configure({"a", "b"});
  change("p");
  start_next_round();
  finish("p@a");
  m_options.targets.erase(m_options.targets.begin() + 1);
  EXPECT_THAT(configure(), ElementsAre(m_jobs.at("p@b").id));
  EXPECT_FALSE(is_held("p"));
  EXPECT_FALSE(finish("p@b").cleared);
  EXPECT_THAT(start_next_round(), IsEmpty());
}

TEST_F(PlanTest, TargetsKeepTheirStateInAnotherOrder) {
  configure({"a", "b"});
  change("p");
  start_next_round();
  finish("p@a");
  std::swap(m_options.targets[0], m_options.targets[1]);
  EXPECT_THAT(configure(), IsEmpty());
  EXPECT_THAT(m_plan.synchronised(k_src, "p"), ElementsAre(false, true));
  EXPECT_TRUE(finish("p@b").cleared);
  EXPECT_THAT(m_plan.synchronised(k_src, "p"), ElementsAre(true, true));
}

TEST_F(PlanTest, WithoutTargetsNothingIsHeldAndNothingRuns) {
  configure({"a"});
  change("p");
  m_options.targets.clear();
  configure();
  EXPECT_FALSE(is_held("p"));
  EXPECT_TRUE(m_plan.holds_nothing());
  EXPECT_THAT(start_next_round(), IsEmpty());
  change("q");
  EXPECT_FALSE(is_held("q"));
}

TEST_F(PlanTest, WhatIsRestoredIsPending) {
  configure({"a", "b"});
  m_plan.restore(k_src, {"p", "apps/p"}, {"b", "unknown"}, m_now.date - 1h);
  EXPECT_THAT(start(), ElementsAre("p@b"));
  EXPECT_EQ(m_now.date - 1h, m_plan.status(m_now)[1].behind_since);
  EXPECT_EQ(1U, m_plan.status(m_now)[1].pending);
}

TEST_F(PlanTest, VerificationGoesThroughAllPackagesOneAfterTheOther) {
  m_packages.all = {"p", "q"};
  configure({"a"});
  EXPECT_THAT(start(), IsEmpty());
  m_plan.verify_all(m_now);
  EXPECT_THAT(start(), ElementsAre("?p@a"));
  EXPECT_THAT(start(), IsEmpty());
  finish("?p@a");
  EXPECT_THAT(start(), ElementsAre("?q@a"));
  const auto finished = finish("?q@a", Result::differs);
  ASSERT_TRUE(finished.marked);
  EXPECT_TRUE(is_held("q"));
  EXPECT_THAT(start_next_round(), ElementsAre("q@a"));
  EXPECT_TRUE(m_jobs.at("q@a").repairs);
  finish("q@a");
  EXPECT_THAT(start_next_round(), IsEmpty());
  const auto events = m_plan.take_events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(Event::Kind::verified, events[0].kind);
  EXPECT_EQ(1U, events[0].count);
}

TEST_F(PlanTest, VerificationComesByItself) {
  m_packages.all = {"p"};
  m_options.verify_round = 1000s;
  configure({"a"});
  pass(999s);
  EXPECT_THAT(start(), IsEmpty());
  pass(1s);
  EXPECT_THAT(start(), ElementsAre("?p@a"));
}

TEST_F(PlanTest, AVerificationOfWhatChangedMeanwhileDoesNotCount) {
  m_packages.all = {"p"};
  configure({"a"});
  m_plan.verify_all(m_now);
  start();
  change("p");
  EXPECT_FALSE(finish("?p@a", Result::differs).marked);
}

TEST_F(PlanTest, AStoppedRunIsDoneLater) {
  configure({"a"});
  change("p");
  start_next_round();
  finish("p@a", Result::stopped);
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
  finish("p@a", Result::src_gone);
  EXPECT_THAT(start_next_round(), ElementsAre("p@a"));
  EXPECT_THAT(m_plan.take_events(), IsEmpty());
}

}  // namespace
}  // namespace pulse2::mirroring
