#include "os/child_process.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <fstream>
#include <thread>

#include "os/file.hpp"
#include "run_coroutine.hpp"

namespace pulse2::os {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ChildProcessTest : public testing::Test {
 protected:
  ChildResult run(ChildOptions options) {
    auto child = ChildProcess::start(m_io.get_executor(), std::move(options)).value();
    return test::run_coroutine(m_io, child->wait());
  }
  ChildResult shell(const std::string& script) {
    ChildOptions options;
    options.arguments = {"sh", "-c", script};
    return run(std::move(options));
  }

  boost::asio::io_context m_io;
};

TEST_F(ChildProcessTest, OutputAndStatus) {
  const auto result = shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(result.status, 3);
  EXPECT_EQ(result.output, "out\nerr\n");
  EXPECT_FALSE(result.timed_out);
}

TEST_F(ChildProcessTest, ArgumentsReachTheProgramAsTheyAre) {
  ChildOptions options;
  options.arguments = {"printf", "%s|", "a b", "$(id)", "", "\xC3\xA9"};
  EXPECT_EQ(run(std::move(options)).output, "a b|$(id)||\xC3\xA9|");
}

TEST_F(ChildProcessTest, LinesAsTheyCome) {
  std::vector<std::string> lines;
  ChildOptions options;
  options.arguments = {"printf", "one\n 10%%\r 20%%\rlast"};
  options.on_line = [&lines](std::string_view line) { lines.emplace_back(line); };
  EXPECT_EQ(run(std::move(options)).status, 0);
  EXPECT_THAT(lines, ElementsAre("one", " 10%", " 20%", "last"));
}

TEST_F(ChildProcessTest, OnlyTheEndOfLongOutputIsKept) {
  ChildOptions options;
  options.arguments = {"sh", "-c", "yes x | head -c 1000000; echo; echo end"};
  options.keep_output = 1000;
  const auto result = run(std::move(options));
  EXPECT_LE(result.output.size(), 2000U);
  EXPECT_THAT(result.output, HasSubstr("\nend\n"));
}

TEST_F(ChildProcessTest, NothingOfOursIsInherited) {
  std::ifstream leaked("/dev/null");
  signal(SIGPIPE, SIG_IGN);
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  const auto result =
      shell("ls /proc/self/fd | wc -l; grep SigBlk /proc/self/status; kill -PIPE $$; echo alive");
  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // Three standard streams and the folder that ls reads.
  EXPECT_THAT(result.output, testing::StartsWith("4\n"));
  EXPECT_THAT(result.output, HasSubstr("SigBlk:\t0000000000000000"));
  EXPECT_EQ(result.status, 128 + SIGPIPE);
}

TEST_F(ChildProcessTest, TheEnvironmentIsAddedTo) {
  ChildOptions options;
  options.arguments = {"sh", "-c", "echo $LC_ALL $PULSE2_TEST; [ -n \"$PATH\" ]"};
  options.environment = {"LC_ALL=C.UTF-8", "PULSE2_TEST=yes"};
  const auto result = run(std::move(options));
  EXPECT_EQ(result.output, "C.UTF-8 yes\n");
  EXPECT_EQ(result.status, 0);
}

TEST_F(ChildProcessTest, AMissingProgram) {
  ChildOptions options;
  options.arguments = {"/nonexistent/program"};
  const auto child = ChildProcess::start(m_io.get_executor(), std::move(options));
  ASSERT_FALSE(child.has_value());
  EXPECT_EQ(child.error().kind, base::ErrorKind::not_found);
}

TEST_F(ChildProcessTest, ALimitEndsItAndItsChildren) {
  ChildOptions options;
  options.arguments = {"sh", "-c", "sleep 600 & sleep 600"};
  options.limit = std::chrono::seconds(1);
  const auto result = run(std::move(options));
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.status, 128 + SIGTERM);
}

/// Whether the process is there and no zombie.
bool is_running(const std::string& pid) {
  const auto stat = read_file("/proc/" + pid + "/stat", 4096);
  return stat && stat->find(") Z") == std::string::npos;
}

TEST_F(ChildProcessTest, ItsChildrenEndWithItThoughTheyIgnoreSignals) {
  ChildOptions options;
  options.arguments = {"sh", "-c", "trap '' TERM; sleep 600 & echo $!; trap - TERM; wait"};
  options.limit = std::chrono::seconds(1);
  const auto result = run(std::move(options));
  EXPECT_EQ(result.status, 128 + SIGTERM);
  const std::string child = result.output.substr(0, result.output.find('\n'));
  ASSERT_FALSE(child.empty());
  while (is_running(child))
    std::this_thread::yield();
}

TEST_F(ChildProcessTest, AProgramThatRestsIsEnded) {
  ChildOptions options;
  options.arguments = {"sh", "-c", "echo begun; exec sleep 1000"};
  options.idle_limit = std::chrono::milliseconds(300);
  const auto result = run(std::move(options));
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.status, 128 + SIGTERM);
  EXPECT_EQ(result.output, "begun\n");
}

TEST_F(ChildProcessTest, AProgramThatMovesBytesDoesNotRest) {
  ChildOptions options;
  // Silent for longer than the limit, but it reads and writes all the time.
  options.arguments = {"sh", "-c",
                       "exec dd if=/dev/zero of=/dev/null bs=1 count=3000000 status=none"};
  options.idle_limit = std::chrono::milliseconds(300);
  const auto begin = std::chrono::steady_clock::now();
  const auto result = run(std::move(options));
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(result.status, 0);
  EXPECT_GT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(300));
}

TEST_F(ChildProcessTest, ItHasNoTerminal) {
  EXPECT_NE(shell(": </dev/tty").status, 0);
}

TEST_F(ChildProcessTest, StopEndsIt) {
  ChildOptions options;
  options.arguments = {"sleep", "600"};
  auto child = ChildProcess::start(m_io.get_executor(), std::move(options)).value();
  boost::asio::steady_timer soon(m_io, std::chrono::milliseconds(10));
  soon.async_wait([&child](const auto& /*error*/) { child->stop(); });
  EXPECT_EQ(test::run_coroutine(m_io, child->wait()).status, 128 + SIGTERM);
}

TEST_F(ChildProcessTest, AProgramLeftBehindIsNotWaitedFor) {
  const auto result = shell("sleep 20 & echo $!");
  EXPECT_EQ(result.status, 0);
  kill(std::stoi(result.output), SIGKILL);
}

TEST_F(ChildProcessTest, ItsEndOfLifeKillsIt) {
  ChildOptions options;
  options.arguments = {"sleep", "600"};
  auto child = ChildProcess::start(m_io.get_executor(), std::move(options)).value();
  const auto pid = child->pid();
  child.reset();
  EXPECT_EQ(kill(pid, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace pulse2::os
