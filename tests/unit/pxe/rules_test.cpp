#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "os/clock.hpp"
#include "pxe/entry_tracker.hpp"
#include "pxe/log_event.hpp"
#include "pxe/login_guard.hpp"
#include "pxe/mtftp_wait.hpp"
#include "pxe/recent_map.hpp"

namespace pulse2::pxe {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::string_literals::operator""s;

class MtftpWaitTest : public ::testing::Test {
 protected:
  seconds ask(std::uint64_t file, int timeout = 60) {
    return m_wait.ask({file, seconds(timeout)}, m_clock.steady());
  }
  MtftpWait m_wait;
  os::ManualClock m_clock;
};

TEST_F(MtftpWaitTest, FirstFileGathersMachinesForTenSeconds) {
  EXPECT_EQ(ask(1005), seconds(10));
}

TEST_F(MtftpWaitTest, SameFileWaitsForWhatIsLeftOfTheTimeout) {
  (void)ask(1005);
  EXPECT_EQ(ask(1005), seconds(60));
  m_clock.advance(milliseconds(20'900));
  EXPECT_EQ(ask(1005), seconds(40));
  m_clock.advance(seconds(60));
  EXPECT_EQ(ask(1005), seconds(0));
}

TEST_F(MtftpWaitTest, LowerFileWaitsTheTimeout) {
  (void)ask(1005);
  m_clock.advance(seconds(30));
  EXPECT_EQ(ask(1004, 7), seconds(7));
}

TEST_F(MtftpWaitTest, HigherFileGoesAndBecomesTheLast) {
  (void)ask(1005);
  EXPECT_EQ(ask(1006), seconds(0));
  EXPECT_EQ(ask(1005), seconds(60));
  EXPECT_EQ(ask(1006), seconds(60));
}

TEST_F(MtftpWaitTest, ForgetsAfterAnHourAndAtARestoration) {
  (void)ask(1005);
  m_clock.advance(hours(1) - seconds(1));
  EXPECT_EQ(ask(1006), seconds(0));
  m_clock.advance(hours(1));
  EXPECT_EQ(ask(1007), seconds(10));
  m_wait.reset();
  EXPECT_EQ(ask(3), seconds(10));
}

constexpr std::string_view k_mac = "00:11:22:33:44:55";

LogEvent chosen(int entry) {
  return {LogKind::menu, entry, {}};
}

TEST(EntryTrackerTest, OnlyABackupOrRestorationIsTaken) {
  EntryTracker tracker(10);
  tracker.note(k_mac, chosen(2));
  EXPECT_EQ(tracker.take_marked(k_mac), std::nullopt);
  tracker.note(k_mac, {LogKind::restoration_started, 0, {}});
  EXPECT_EQ(tracker.take_marked(k_mac), std::nullopt) << "forgotten by the call before";
  for (const LogKind kind : {LogKind::restoration_started, LogKind::restoration_finished,
                             LogKind::backup_started, LogKind::backup_finished}) {
    tracker.note(k_mac, chosen(2));
    tracker.note(k_mac, {kind, 0, {}});
    EXPECT_EQ(tracker.take_marked("other"), std::nullopt);
    EXPECT_EQ(tracker.take_marked(k_mac), 2);
    EXPECT_EQ(tracker.take_marked(k_mac), std::nullopt);
  }
  tracker.note(k_mac, chosen(2));
  tracker.note(k_mac, {LogKind::postinstall_started, 0, {}});
  EXPECT_EQ(tracker.take_marked(k_mac), std::nullopt);
}

TEST(EntryTrackerTest, ANewChoiceTakesTheMarkAway) {
  EntryTracker tracker(10);
  tracker.note(k_mac, chosen(2));
  tracker.note(k_mac, {LogKind::backup_started, 0, {}});
  tracker.note(k_mac, chosen(0));
  EXPECT_EQ(tracker.take_marked(k_mac), 2) << "a choice without number is not remembered";
  tracker.note(k_mac, chosen(2));
  tracker.note(k_mac, {LogKind::backup_started, 0, {}});
  tracker.note(k_mac, chosen(3));
  EXPECT_EQ(tracker.take_marked(k_mac), std::nullopt);
}

TEST(EntryTrackerTest, DefaultChangesOnlyWhenItWasTheEntry) {
  EXPECT_TRUE(default_changes(2, 2));
  EXPECT_FALSE(default_changes(2, 3));
  EXPECT_FALSE(default_changes(std::nullopt, 2));
  EXPECT_FALSE(default_changes(2, std::nullopt));
  EXPECT_FALSE(default_changes(std::nullopt, std::nullopt));
}

TEST(RecentMapTest, ForgetsWhatWasNotTouchedForLongest) {
  RecentMap<int> map(2);
  map["a"] = 1;
  map["b"] = 2;
  EXPECT_EQ(*map.find("a"), 1);
  map["c"] = 3;
  EXPECT_EQ(map.size(), 2U);
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(*map.find("a"), 1);
  map.erase("a");
  map.erase("a");
  EXPECT_EQ(map.find("a"), nullptr);
  EXPECT_EQ(*map.find("c"), 3);
}

TEST(PasswordTest, IsComparedByItsHash) {
  // echo -n pxeDzmCpUs3 | sha1sum, which is also in the recorded exchanges.
  const std::string expected = "eca7d4d9c165ddc2fbb11ba04634aa08c6c000f9";
  EXPECT_TRUE(password_matches("pxe", expected));
  EXPECT_TRUE(password_matches("pxe", "ECA7D4D9C165DDC2FBB11BA04634AA08C6C000F9"));
  EXPECT_FALSE(password_matches("pxf", expected));
  EXPECT_FALSE(password_matches("", expected));
  EXPECT_TRUE(password_matches("", ""));
  EXPECT_FALSE(password_matches("pxe", ""));
}

TEST(LoginGuardTest, TheDelayOfAnAddressDoublesUpToALimit) {
  LoginGuard guard(10);
  os::ManualClock clock;
  milliseconds expected = LoginGuard::k_first_delay;
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(guard.may_try("192.0.2.1", clock.steady()));
    ASSERT_EQ(guard.failed("192.0.2.1", clock.steady()), expected) << i;
    EXPECT_TRUE(guard.may_try("192.0.2.2", clock.steady())) << "another address";
    clock.advance(expected - milliseconds(1));
    EXPECT_FALSE(guard.may_try("192.0.2.1", clock.steady()));
    clock.advance(milliseconds(1));
    expected = std::min(2 * expected, LoginGuard::k_longest_delay);
  }
}

TEST(LoginGuardTest, SuccessAndTimeMakeItForget) {
  LoginGuard guard(10);
  os::ManualClock clock;
  (void)guard.failed("a", clock.steady());
  (void)guard.failed("a", clock.steady());
  guard.succeeded("a");
  EXPECT_EQ(guard.failed("a", clock.steady()), LoginGuard::k_first_delay);
  EXPECT_EQ(guard.failed("a", clock.steady()), 2 * LoginGuard::k_first_delay);
  clock.advance(LoginGuard::k_memory);
  EXPECT_EQ(guard.failed("a", clock.steady()), LoginGuard::k_first_delay);
}

TEST(AgentLogTest, NamesLevelPhaseAndQuotedMessage) {
  const auto log = [](LogKind kind, int entry = 0, std::string complement = {}) {
    return agent_log({kind, entry, std::move(complement)});
  };
  EXPECT_EQ(log(LogKind::boot), (AgentLog{1, "boot", "'booted'"}));
  EXPECT_EQ(log(LogKind::menu), (AgentLog{2, "menu", "'choosen menu entry'"}));
  EXPECT_EQ(log(LogKind::menu, 7), (AgentLog{2, "menu", "'choosen menu entry: 7'"}));
  EXPECT_EQ(log(LogKind::restoration_finished, 0, "U"),
            (AgentLog{4, "restoration", "'restoration finished: U'"}));
  EXPECT_EQ(log(LogKind::critical_error), (AgentLog{9, "error", "'critical error'"}));
}

// Expected values are what python2 -c 'print repr(…)' prints.
TEST(AgentLogTest, QuotesLikePython) {
  EXPECT_EQ(python_repr(""), "''");
  EXPECT_EQ(python_repr("it's"), "\"it's\"");
  EXPECT_EQ(python_repr("it's \"x\""), "'it\\'s \"x\"'");
  EXPECT_EQ(python_repr("a\\b\n\t\r\x01\x7F\xC3\xA9\0"s),
            "'a\\\\b\\n\\t\\r\\x01\\x7f\\xc3\\xa9\\x00'");
}

}  // namespace
}  // namespace pulse2::pxe
