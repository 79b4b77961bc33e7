#include "http/file_plan.hpp"

#include <utility>
#include <vector>

#include "base/hash.hpp"
#include "http/conditional.hpp"
#include "http/date.hpp"
#include "http/etag.hpp"

namespace pulse2::http {
namespace {

constexpr std::int64_t k_ns_per_second = 1'000'000'000;
constexpr std::size_t k_most_headers = 5;
constexpr std::size_t k_boundary_length = 17;  // as recorded, so that Content-Length agrees too

/// Rounded towards the past, so that times before 1970 are right as well.
std::int64_t whole_seconds(std::int64_t nanoseconds) {
  const std::int64_t seconds = nanoseconds / k_ns_per_second;
  return nanoseconds % k_ns_per_second < 0 ? seconds - 1 : seconds;
}

std::string content_range(const ByteRange& range, std::uint64_t size) {
  return "bytes " + std::to_string(range.first) + "-" + std::to_string(range.last) + "/" +
         std::to_string(size);
}

/// The same for the same state of a file, so that a repeated request gets the same bytes.
std::string make_boundary(std::string_view etag) {
  return base::md5_hex(etag).substr(0, k_boundary_length);
}

/// What every answer about the file says.
void add_common_fields(Fields& fields, const FileFacts& file) {
  fields.reserve(k_most_headers);
  fields.push_back({"Accept-Ranges", "bytes"});
  fields.push_back({"Last-Modified", file.last_modified});
  fields.push_back({"ETag", file.validators.etag});
}

std::string render_lines_of_whole(const FileFacts& file) {
  Fields fields;
  add_common_fields(fields, file);
  fields.push_back({"Content-Type", file.mime});
  return render_fields(fields);
}

Response plan_whole(const FileFacts& file) {
  Response response;
  response.shared_lines = file.lines_of_whole;
  FileBody body;
  body.parts.push_back({{}, 0, file.size});
  response.body = std::move(body);
  return response;
}

void plan_range(Response& response, const FileFacts& file, const ByteRange& range) {
  response.headers.push_back({"Content-Range", content_range(range, file.size)});
  response.headers.push_back({"Content-Type", file.mime});
  FileBody body;
  body.parts.push_back({{}, range.first, range.length()});
  response.body = std::move(body);
}

void plan_ranges(Response& response, const FileFacts& file, const std::vector<ByteRange>& ranges,
                 const std::string& boundary) {
  response.headers.push_back(
      {"Content-Type", "multipart/byteranges; boundary=\"" + boundary + "\""});
  FileBody body;
  for (const ByteRange& range : ranges) {
    std::string preamble = "\r\n--" + boundary + "\r\nContent-Type: " + file.mime +
                           "\r\nContent-Range: " + content_range(range, file.size) + "\r\n\r\n";
    body.parts.push_back({std::move(preamble), range.first, range.length()});
  }
  body.epilogue = "\r\n--" + boundary + "--\r\n";
  response.body = std::move(body);
}

}  // namespace

FileFacts describe_file(std::uint64_t size, std::int64_t mtime_ns, std::uint64_t inode,
                        std::string mime) {
  const std::int64_t seconds = whole_seconds(mtime_ns);
  FileFacts facts;
  facts.size = size;
  facts.mime = std::move(mime);
  facts.validators = {make_etag(size, mtime_ns, inode), seconds};
  facts.last_modified = format_date(seconds);
  facts.lines_of_whole = std::make_shared<std::string>(render_lines_of_whole(facts));
  return facts;
}

Response plan_file(const FileFacts& file, const RequestHead& head) {
  const Decision decision = decide(head, file.validators, file.size);
  if (decision.status == 200) return plan_whole(file);
  Response response;
  if (decision.status == 412) {
    response = error_page(412, "The file is not in the state that the request asks for.");
  }
  response.status = decision.status;
  add_common_fields(response.headers, file);
  if (decision.status == 416) {
    response.headers.push_back({"Content-Range", "bytes */" + std::to_string(file.size)});
  }
  if (decision.status == 206 && decision.ranges.size() == 1) {
    plan_range(response, file, decision.ranges.front());
  } else if (decision.status == 206) {
    plan_ranges(response, file, decision.ranges, make_boundary(file.validators.etag));
  }
  return response;
}

}  // namespace pulse2::http
