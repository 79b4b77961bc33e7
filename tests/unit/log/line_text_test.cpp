#include "log/line_text.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "zone.hpp"

namespace pulse2::log {
namespace {

Record usual_record() {
  Record record;
  record.level = config::LogLevel::warning;
  record.logger = "imaging";
  record.message = "imaging.menu: no menu";
  // 2024-02-29 23:05:07 UTC
  record.time =
      std::chrono::system_clock::from_time_t(1'709'247'907) + std::chrono::milliseconds(42);
  record.process = 77;
  record.thread = 78;
  return record;
}

std::string rendered(const std::string& format, const std::string& datefmt = {}) {
  const test::Zone zone("UTC");
  auto pieces = config::compile_line_format(format);
  EXPECT_TRUE(pieces.has_value()) << format;
  return render({pieces.value_or(std::vector<config::LinePiece>{}), datefmt}, usual_record());
}

TEST(Render, FillsInTheFields) {
  EXPECT_EQ(rendered("%(asctime)s %(levelname)s %(message)s"),
            "2024-02-29 23:05:07,042 WARNING imaging.menu: no menu");
  EXPECT_EQ(rendered("%(name)s %(process)d %(thread)d %(levelno)s"), "imaging 77 78 30");
  EXPECT_EQ(rendered("%(created)d.%(msecs)03d %(created).3f"), "1709247907.042 1709247907.042");
}

TEST(RenderJson, IsAnObjectOfItsParts) {
  const test::Zone zone("Europe/Paris");
  EXPECT_EQ(render_json(usual_record()),
            R"({"time":"2024-02-29T23:05:07.042Z","level":"WARNING","logger":"imaging",)"
            R"("id":"imaging.menu","message":"no menu","process":77,"thread":78})");
}

TEST(RenderJson, QuotesWhatMessagesHold) {
  auto record = usual_record();
  record.message = R"(api.failure: say "no": \x1b)";
  EXPECT_NE(render_json(record).find(R"("id":"api.failure","message":"say \"no\": \\x1b")"),
            std::string::npos)
      << render_json(record);
  record.message = "no identifier";
  EXPECT_NE(render_json(record).find(R"("id":"no identifier","message":"")"), std::string::npos);
}

TEST(Render, FollowsDatefmt) {
  EXPECT_EQ(rendered("%(asctime)s|", "%d/%b/%Y %H:%M"), "29/Feb/2024 23:05|");
}

TEST(Render, FillsUpAndCuts) {
  EXPECT_EQ(rendered("[%(levelname)-8s]"), "[WARNING ]");
  EXPECT_EQ(rendered("[%(levelname)9s]"), "[  WARNING]");
  EXPECT_EQ(rendered("[%(levelname).4s]"), "[WARN]");
  EXPECT_EQ(rendered("[%(process)05d][%(process)-5d]"), "[00077][77   ]");
}

}  // namespace
}  // namespace pulse2::log
