#include "log/access_line.hpp"

#include <gmock/gmock.h>

#include "zone.hpp"

namespace pulse2::log {
namespace {

using testing::HasSubstr;
using testing::Not;

AccessRecord usual() {
  AccessRecord record;
  record.client = "192.0.2.7";
  record.method = "GET";
  record.target = "/mirror1_files/a%20b?x=1";
  record.status = 206;
  record.bytes = 12345678901;
  record.user_agent = "Wget/1.21";
  record.time = std::chrono::system_clock::from_time_t(1709251199);  // 2024-02-29 23:59:59 UTC
  return record;
}

TEST(AccessLine, HasTheCombinedFormat) {
  const test::Zone zone("UTC");
  EXPECT_EQ(access_line(usual()),
            "192.0.2.7 - - [29/Feb/2024:23:59:59 +0000] \"GET /mirror1_files/a%20b?x=1 HTTP/1.1\" "
            "206 12345678901 \"-\" \"Wget/1.21\"");
}

TEST(AccessLine, TimesAreLocal) {
  const test::Zone zone("America/St_Johns");
  auto record = usual();
  record.time += std::chrono::hours(1);
  EXPECT_THAT(access_line(record), HasSubstr("[29/Feb/2024:21:29:59 -0330]"));
}

TEST(AccessLine, SaysWhatIsMissing) {
  AccessRecord record;
  record.client = "2001:db8::1";
  record.status = 400;
  const auto line = access_line(record);
  EXPECT_THAT(line, testing::StartsWith("2001:db8::1 - - ["));
  EXPECT_THAT(line, testing::EndsWith("] \"-\" 400 - \"-\" \"-\""));
}

TEST(AccessLine, NothingEndsAFieldOrALine) {
  auto record = usual();
  record.target = "/\" 200 1\n\x1b[31m\x7f\xff\\";
  record.user_agent = "a\"b";
  record.user = "no name\"";
  const auto line = access_line(record);
  EXPECT_THAT(line, HasSubstr("\"GET /\\x22 200 1\\x0A\\x1B[31m\\x7F\\xFF\\x5C HTTP/1.1\""));
  EXPECT_THAT(line, HasSubstr("\"a\\x22b\""));
  EXPECT_THAT(line, HasSubstr(" - no\\x20name\\x22 ["));
}

TEST(AccessLine, HidesPasswordsInUrls) {
  auto record = usual();
  record.target = "http://user:s3cr3t@host/path";
  record.referer = "https://me:hush@other:99/";
  const auto line = access_line(record);
  EXPECT_THAT(line, HasSubstr("GET http://user:(hidden)@host/path HTTP/1.1"));
  EXPECT_THAT(line, Not(HasSubstr("s3cr3t")));
  EXPECT_THAT(line, Not(HasSubstr("hush")));
}

TEST(AccessJson, IsAnObjectOfTheSame) {
  auto record = usual();
  record.complete = false;
  record.duration = std::chrono::microseconds(1500999);
  EXPECT_EQ(access_json(record),
            R"({"time":"2024-02-29T23:59:59.000Z","client":"192.0.2.7","user":"","method":"GET",)"
            R"("target":"/mirror1_files/a%20b?x=1","version":"HTTP/1.1","status":206,)"
            R"("bytes":12345678901,"complete":false,"milliseconds":1500,"referer":"",)"
            R"("user_agent":"Wget/1.21"})");
}

TEST(AccessJson, HoldsNoPasswordsAndOneLine) {
  auto record = usual();
  record.target = "http://user:s3cr3t@host/\n\xff";
  record.referer = "https://me:hush@other/";
  record.method = {};
  const auto line = access_json(record);
  EXPECT_THAT(line, HasSubstr("http://user:(hidden)@host/"));
  EXPECT_THAT(line, HasSubstr(R"("version":"")"));
  EXPECT_THAT(line, Not(HasSubstr("hush")));
  EXPECT_THAT(line, Not(HasSubstr("\n")));
}

TEST(AccessLine, CutsWhatIsTooLong) {
  auto record = usual();
  const std::string target(60000, 'a');
  record.target = target;
  EXPECT_LT(access_line(record).size(), 2500U);
}

}  // namespace
}  // namespace pulse2::log
