#include "log/output.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

#include "log/log.hpp"
#include "os/file.hpp"
#include "os/unique_fd.hpp"
#include "zone.hpp"

namespace pulse2::log {
namespace {

namespace fs = std::filesystem;
using config::LogLevel;
using testing::HasSubstr;

constexpr std::time_t k_noon = 1'709'208'000;  // 2024-02-29 12:00:00 UTC
constexpr std::time_t k_day = 86400;

class OutputTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "pulse2-log-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    m_folder = pattern;
  }
  void TearDown() override { fs::remove_all(m_folder); }

  [[nodiscard]] std::string path(const std::string& name) const { return m_folder + "/" + name; }
  [[nodiscard]] std::string text(const std::string& name) const {
    return os::read_file(path(name), 1 << 20).value_or("(none)");
  }
  [[nodiscard]] std::ptrdiff_t count() const {
    return std::distance(fs::directory_iterator(m_folder), fs::directory_iterator());
  }
  [[nodiscard]] std::unique_ptr<Output> timed(int keep) const {
    config::TimeRotatedTarget target;
    target.path = path("m");
    target.rule.unit = config::RotationUnit::midnight;
    target.backup_count = keep;
    return make_output(target);
  }
  [[nodiscard]] std::unique_ptr<Output> plain() const {
    return make_output(config::FileTarget{path("m"), false});
  }

 private:
  const test::Zone m_zone{"UTC"};
  std::string m_folder;
};

void put(Output& output, const std::string& line, std::time_t time = k_noon) {
  output.write(line, LogLevel::info, time);
}

TEST_F(OutputTest, AppendsLinesToAFile) {
  put(*plain(), "one");
  put(*plain(), "two");
  EXPECT_EQ(text("m"), "one\ntwo\n");
  put(*make_output(config::FileTarget{path("m"), true}), "three");
  EXPECT_EQ(text("m"), "three\n");
}

TEST_F(OutputTest, BeginsANewFileWhenTheOldOneWasMoved) {
  const config::SizeRotatedTarget sized{path("m"), false, 1000, 2};
  for (const auto& output : {plain(), timed(2), make_output(sized)}) {
    put(*output, "one");
    fs::rename(path("m"), path("old"));
    put(*output, "two");
    EXPECT_EQ(text("m"), "two\n");
    fs::remove(path("m"));
    put(*output, "three", k_noon + 1);
    EXPECT_EQ(text("m"), "three\n");
    fs::remove(path("m"));
    output->reopen();
    EXPECT_EQ(text("m"), "");
    fs::remove(path("m"));
  }
}

TEST_F(OutputTest, KeepsAMovedFileWhileThereIsNoNewOne) {
  const auto output = plain();
  put(*output, "one");
  fs::rename(path("m"), path("old"));
  fs::create_directory(path("m"));
  testing::internal::CaptureStderr();
  for (const char* line : {"two", "three"})
    put(*output, line);
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(told.begin(), told.end(), '\n'), 1) << told;
  EXPECT_EQ(text("old"), "one\ntwo\nthree\n");
  fs::remove(path("m"));
  put(*output, "four");
  EXPECT_EQ(text("m"), "four\n");
}

TEST_F(OutputTest, CountsTheBytesOfOthers) {
  const auto output = make_output(config::SizeRotatedTarget{path("m"), false, 10, 2});
  put(*output, "one");
  put(*plain(), "of another");
  put(*output, "two");
  EXPECT_EQ(text("m.1"), "one\nof another\n");
  // As logrotate does with `copytruncate`.
  fs::resize_file(path("m"), 0);
  put(*output, "12345678");
  EXPECT_EQ(text("m"), "12345678\n");
}

TEST_F(OutputTest, RotatesAtMidnightAndKeepsSomeFiles) {
  const auto output = timed(2);
  for (int day = 0; day < 4; ++day) {
    put(*output, "a" + std::to_string(day), k_noon + day * k_day);
    put(*output, "b" + std::to_string(day), k_noon + day * k_day + 60);
  }
  EXPECT_EQ(text("m"), "a3\nb3\n");
  EXPECT_EQ(text("m.2024-03-02"), "a2\nb2\n");
  EXPECT_EQ(text("m.2024-03-01"), "a1\nb1\n");
  EXPECT_EQ(count(), 3);
}

TEST_F(OutputTest, RotatesAFileOfAnEarlierRun) {
  put(*timed(0), "before");
  const std::array<timeval, 2> times{{{k_noon, 0}, {k_noon, 0}}};
  ASSERT_EQ(utimes(path("m").c_str(), times.data()), 0);
  put(*timed(0), "after", k_noon + 3 * k_day);
  EXPECT_EQ(text("m.2024-02-29"), "before\n");
  EXPECT_EQ(text("m"), "after\n");
}

TEST_F(OutputTest, RotatesOnceForTwoHandlersOfOneFile) {
  const auto first = timed(7);
  const auto second = timed(7);
  put(*first, "one");
  put(*second, "two");
  put(*first, "three", k_noon + k_day);
  put(*second, "four", k_noon + k_day);
  EXPECT_EQ(text("m.2024-02-29"), "one\ntwo\n");
  EXPECT_EQ(text("m"), "three\nfour\n");
}

TEST_F(OutputTest, RotatesBySize) {
  const auto output = make_output(config::SizeRotatedTarget{path("m"), false, 10, 2});
  for (const char* line : {"aaaa", "bbbb", "cccc", "dddd", "a line that is longer than all"})
    put(*output, line);
  EXPECT_EQ(text("m"), "a line that is longer than all\n");
  EXPECT_EQ(text("m.1"), "dddd\n");
  EXPECT_EQ(text("m.2"), "cccc\n");
  EXPECT_EQ(count(), 3);
}

TEST_F(OutputTest, TellsAFailureOnceAndGoesOn) {
  testing::internal::CaptureStderr();
  const auto output = make_output(config::FileTarget{path("gone/m"), false});
  put(*output, "lost");
  put(*output, "lost");
  const std::string told = testing::internal::GetCapturedStderr();
  EXPECT_THAT(told, HasSubstr("gone/m"));
  EXPECT_EQ(told.rfind("pulse2-package-server: log: "), 0) << told;
  fs::create_directory(path("gone"));
  put(*output, "found");
  EXPECT_EQ(text("gone/m"), "found\n");
}

TEST_F(OutputTest, SurvivesAFullDisk) {
  testing::internal::CaptureStderr();
  const auto output = make_output(config::FileTarget{"/dev/full", false});
  for (int i = 0; i < 3; ++i)
    put(*output, "lost");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "pulse2-package-server: log: /dev/full: No space left on device\n");
}

/// A syslog server of its own.
os::UniqueFd listen_at(const std::string& path) {
  os::UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  EXPECT_EQ(bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return socket;
}

std::string received(const os::UniqueFd& socket) {
  std::array<char, 200> buffer{};
  const ssize_t size = recv(socket.get(), buffer.data(), buffer.size(), 0);
  return size < 0 ? "(nothing)" : std::string(buffer.data(), static_cast<std::size_t>(size));
}

TEST_F(OutputTest, SendsToSyslogAndFindsItAgain) {
  config::SyslogTarget target;
  target.socket = path("log");
  target.facility = 3;
  auto server = listen_at(target.socket);
  const auto output = make_output(target);
  output->write("hello", LogLevel::warning, k_noon);
  EXPECT_EQ(received(server), "<28>hello");
  server.reset();
  fs::remove(target.socket);
  server = listen_at(target.socket);
  put(*output, "again");
  EXPECT_EQ(received(server), "<30>again");
}

TEST_F(OutputTest, TakesImagingMessagesToTheirLogger) {
  config::LoggingPlan plan = config::default_logging(false);
  plan.handlers.push_back(plan.handlers.front());
  plan.handlers[0].target = config::FileTarget{path("root"), false};
  plan.handlers[1].target = config::FileTarget{path("imaging"), false};
  plan.handlers[1].level = LogLevel::debug;
  plan.imaging = {LogLevel::debug, {1}};
  start(plan);
  EXPECT_FALSE(enabled(Level::debug, "server.listening"));
  EXPECT_TRUE(enabled(Level::debug, "imaging.menu"));
  info("server.listening", "r");
  debug("imaging.menu", "i");
  debug("server.listening", "left out");
  reopen();
  stop();
  EXPECT_THAT(text("root"), testing::EndsWith(" INFO server.listening: r\n"));
  EXPECT_THAT(text("imaging"), testing::EndsWith(" DEBUG imaging.menu: i\n"));
}

}  // namespace
}  // namespace pulse2::log
