#include "os/process_environment.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>
#include <string>
#include <thread>

#include "os/child_process.hpp"
#include "os/file.hpp"
#include "run_coroutine.hpp"

namespace pulse2::os {
namespace {

using testing::HasSubstr;
using testing::Not;

class ProcessEnvironmentTest : public testing::Test {
 protected:
  std::unique_ptr<ChildProcess> start(std::vector<std::string> arguments,
                                      std::vector<std::string> environment) {
    ChildOptions options;
    options.arguments = std::move(arguments);
    options.environment = std::move(environment);
    options.inherits_environment = false;
    return ChildProcess::start(m_io.get_executor(), std::move(options)).value();
  }

  boost::asio::io_context m_io;
};

TEST_F(ProcessEnvironmentTest, ASmallOneHoldsWhatProgramsNeed) {
  ::setenv("PULSE2_TEST_SECRET", "1", 1);
  ::setenv("PULSE2_TEST_KEPT", "2", 1);
  const auto child = start({"/usr/bin/env"}, small_environment({"PULSE2_TEST_KEPT"}));
  const auto result = test::run_coroutine(m_io, child->wait());
  EXPECT_THAT(result.output, HasSubstr("PATH="));
  EXPECT_THAT(result.output, HasSubstr("PULSE2_TEST_KEPT=2\n"));
  EXPECT_THAT(result.output, Not(HasSubstr("SECRET")));
}

/// A program has been started a moment before the system shows its environment.
void wait_for_environment(pid_t process) {
  const std::string path = "/proc/" + std::to_string(process) + "/environ";
  while (read_file(path, 1U << 20U).value().empty())
    std::this_thread::yield();
}

TEST_F(ProcessEnvironmentTest, ProcessesAreFoundByItAndKilled) {
  // Of this run alone.
  const std::string mark = "PULSE2_TEST_MARK=/tmp/" + std::to_string(::getpid());
  auto environment = small_environment();
  environment.push_back(mark);
  const auto marked = start({"sleep", "1000"}, environment);
  environment.back() = mark + "b";
  const auto other = start({"sleep", "1000"}, environment);
  wait_for_environment(marked->pid());
  wait_for_environment(other->pid());
  EXPECT_EQ(1U, kill_processes_with(mark));
  EXPECT_EQ(128 + SIGKILL, test::run_coroutine(m_io, marked->wait()).status);
  EXPECT_EQ(0, ::kill(other->pid(), 0));
}

}  // namespace
}  // namespace pulse2::os
