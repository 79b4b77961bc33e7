#include "http/file_plan.hpp"

#include <gtest/gtest.h>

#include <string>
#include <variant>

namespace pulse2::http {
namespace {

/// data/a.bin of the recordings.
constexpr std::int64_t k_mtime = 1795392280'000000000;
const FileFacts k_file = describe_file(4096, k_mtime, 12, "application/octet-stream");

Response plan(Fields fields, const FileFacts& file = k_file, std::string method = "GET") {
  RequestHead head;
  head.method = std::move(method);
  head.fields = std::move(fields);
  return plan_file(file, head);
}

/// Of the head as the client gets it.
std::string header(const Response& response, std::string_view name) {
  const std::string head = render_head(response, 11, true, "Mon, 23 Nov 2026 00:04:40 GMT");
  const std::string begin = "\r\n" + std::string(name) + ": ";
  const auto found = head.find(begin);
  if (found == std::string::npos) return "<none>";
  const auto value = found + begin.size();
  return head.substr(value, head.find("\r\n", value) - value);
}

TEST(FilePlan, Whole) {
  const Response response = plan({});
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body_size(), 4096U);
  EXPECT_EQ(header(response, "Accept-Ranges"), "bytes");
  EXPECT_EQ(header(response, "Last-Modified"), "Mon, 23 Nov 2026 00:04:40 GMT");
  EXPECT_EQ(header(response, "Content-Type"), "application/octet-stream");
  EXPECT_EQ(header(response, "ETag").front(), '"');
  const auto& body = std::get<FileBody>(response.body);
  EXPECT_EQ(body.fd, -1);
  ASSERT_EQ(body.parts.size(), 1U);
  EXPECT_EQ(body.parts[0].offset, 0U);
  EXPECT_EQ(body.parts[0].length, 4096U);
}

TEST(FilePlan, EmptyFile) {
  const Response response = plan({}, describe_file(0, 0, 1, "text/plain"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body_size(), 0U);
}

TEST(FilePlan, HeadHasTheSizeOfGet) {
  EXPECT_EQ(plan({}, k_file, "HEAD").body_size(), 4096U);
}

TEST(FilePlan, OneRange) {
  const Response response = plan({{"Range", "bytes=-5"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(header(response, "Content-Range"), "bytes 4091-4095/4096");
  EXPECT_EQ(header(response, "Content-Type"), "application/octet-stream");
  EXPECT_EQ(response.body_size(), 5U);
  EXPECT_EQ(std::get<FileBody>(response.body).parts.at(0).offset, 4091U);
}

TEST(FilePlan, OversizedSuffixIsPartialAndWhole) {
  const Response response = plan({{"Range", "bytes=-99999"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(header(response, "Content-Range"), "bytes 0-4095/4096");
  EXPECT_EQ(response.body_size(), 4096U);
}

TEST(FilePlan, SeveralRangesHaveTheRecordedLength) {
  const Response response = plan({{"Range", "bytes=0-0,5-9"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.body_size(), 223U);
  EXPECT_EQ(header(response, "Content-Range"), "<none>");
}

TEST(FilePlan, SeveralRangesFollowTheMultipartSyntax) {
  const Response response = plan({{"Range", "bytes=0-0,5-9"}});
  const std::string type = header(response, "Content-Type");
  const std::string prefix = "multipart/byteranges; boundary=\"";
  ASSERT_TRUE(type.starts_with(prefix)) << type;
  const std::string boundary = type.substr(prefix.size(), type.size() - prefix.size() - 1);
  const auto& body = std::get<FileBody>(response.body);
  ASSERT_EQ(body.parts.size(), 2U);
  EXPECT_EQ(body.parts[1].preamble, "\r\n--" + boundary +
                                        "\r\nContent-Type: application/octet-stream"
                                        "\r\nContent-Range: bytes 5-9/4096\r\n\r\n");
  EXPECT_EQ(body.parts[1].offset, 5U);
  EXPECT_EQ(body.parts[1].length, 5U);
  EXPECT_EQ(body.epilogue, "\r\n--" + boundary + "--\r\n");
}

TEST(FilePlan, Unsatisfiable) {
  const Response response = plan({{"Range", "bytes=5000-"}});
  EXPECT_EQ(response.status, 416);
  EXPECT_EQ(header(response, "Content-Range"), "bytes */4096");
  EXPECT_EQ(response.body_size(), 0U);
}

TEST(FilePlan, NotModifiedKeepsTheValidators) {
  const Response response = plan({{"If-Modified-Since", "Mon, 23 Nov 2026 00:04:40 GMT"}});
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(header(response, "Last-Modified"), "Mon, 23 Nov 2026 00:04:40 GMT");
  EXPECT_EQ(header(response, "ETag"), header(plan({}), "ETag"));
  EXPECT_EQ(header(response, "Content-Type"), "<none>");
  EXPECT_EQ(response.body_size(), 0U);
}

TEST(FilePlan, TagOfAnAnswerRevalidates) {
  const std::string tag = header(plan({}), "ETag");
  EXPECT_EQ(plan({{"If-None-Match", tag}}).status, 304);
  const auto changed = describe_file(4096, k_mtime + 1, 12, "application/octet-stream");
  EXPECT_EQ(plan({{"If-None-Match", tag}}, changed).status, 200);
}

TEST(FilePlan, FailedPrecondition) {
  EXPECT_EQ(plan({{"If-Match", "\"other\""}}).status, 412);
}

TEST(FilePlan, FractionsOfASecondAreCutTowardsThePast) {
  EXPECT_EQ(header(plan({}, describe_file(1, 1'999'999'999, 1, "text/plain")), "Last-Modified"),
            "Thu, 01 Jan 1970 00:00:01 GMT");
  EXPECT_EQ(header(plan({}, describe_file(1, -1, 1, "text/plain")), "Last-Modified"),
            "Wed, 31 Dec 1969 23:59:59 GMT");
}

}  // namespace
}  // namespace pulse2::http
