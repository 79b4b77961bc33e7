#include "log/log.hpp"

#include <gtest/gtest.h>

namespace pulse2::log {
namespace {

TEST(Log, BeginsWithTheIdentifier) {
  EXPECT_EQ(one_line("catalog.scan.done", "12 packages"), "catalog.scan.done: 12 packages");
}

TEST(Log, LeavesPasswordsInUrlsOut) {
  EXPECT_EQ(one_line("a.b", "from http://me:hush@host/ to /"),
            "a.b: from http://me:(hidden)@host/ to /");
}

TEST(Log, KeepsAMessageOnOneLine) {
  const std::string line = one_line("api.failure", "a\nERROR forged\r\x1b[31m");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
}

TEST(Log, WritesTimeLevelAndMessageToStandardError) {
  testing::internal::CaptureStderr();
  start(Level::info);
  warning("config.option.unknown", "unknown option {}", "prot");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_NE(written.find(" WARNING config.option.unknown: unknown option prot\n"),
            std::string::npos)
      << written;
}

TEST(Log, LeavesOutWhatIsBelowTheLevel) {
  testing::internal::CaptureStderr();
  start(Level::warning);
  info("server.listening", "listening");
  error("server.bind", "no");
  start();
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(written.find("server.listening"), std::string::npos);
  EXPECT_NE(written.find("ERROR server.bind: no"), std::string::npos);
}

}  // namespace
}  // namespace pulse2::log
