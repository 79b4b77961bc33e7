#include "doctor/report.hpp"

#include <gtest/gtest.h>

namespace pulse2::doctor {
namespace {

Findings sample() {
  Findings findings{good("all folders are there"), doubt("10 days left", "renew it"),
                    fault("port \"9990\"\nis taken", "stop the other\x1b[31m one"),
                    skip("the server does not run", "start it")};
  findings[0].probe = "folders";
  findings[1].probe = "certificate";
  findings[2].probe = "a probe with a long name";
  findings[3].probe = "download";
  return findings;
}

TEST(Report, HasALineForEachFinding) {
  EXPECT_EQ(report_text(sample()),
            "good     folders         all folders are there\n"
            "doubt    certificate     10 days left; to do: renew it\n"
            "fault    a probe with a long name port \"9990\"\\nis taken; to do: stop the other"
            "\\x1b[31m one\n"
            "skipped  download        the server does not run; to do: start it\n"
            "1 fault, 1 doubt\n");
}

TEST(Report, IsJson) {
  EXPECT_EQ(report_json({sample()[2]}),
            R"({"healthy":false,"faults":1,"doubts":0,"findings":[{"verdict":"fault",)"
            R"("probe":"a probe with a long name","text":"port \"9990\"\\nis taken",)"
            R"("fix":"stop the other\\x1b[31m one"}]})"
            "\n");
  EXPECT_EQ(report_json({}), "{\"healthy\":true,\"faults\":0,\"doubts\":0,\"findings\":[]}\n");
}

TEST(Report, DoubtsDoNotCount) {
  EXPECT_FALSE(is_healthy(sample()));
  EXPECT_TRUE(is_healthy({sample()[0], sample()[1], sample()[3]}));
}

}  // namespace
}  // namespace pulse2::doctor
