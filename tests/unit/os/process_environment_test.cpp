#include "os/process_environment.hpp"

#include <gmock/gmock.h>
#include <signal.h>

#include <boost/asio/io_context.hpp>
#include <cstdlib>

#include "os/child_process.hpp"
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

TEST_F(ProcessEnvironmentTest, ProcessesAreFoundByItAndKilled) {
  auto environment = small_environment();
  environment.emplace_back("PULSE2_TEST_MARK=/tmp/a");
  const auto marked = start({"sleep", "1000"}, environment);
  environment.back() = "PULSE2_TEST_MARK=/tmp/ab";
  const auto other = start({"sleep", "1000"}, environment);
  EXPECT_EQ(1U, kill_processes_with("PULSE2_TEST_MARK=/tmp/a"));
  EXPECT_EQ(128 + SIGKILL, test::run_coroutine(m_io, marked->wait()).status);
  EXPECT_EQ(0, ::kill(other->pid(), 0));
}

}  // namespace
}  // namespace pulse2::os
