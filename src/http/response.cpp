#include "http/response.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace pulse2::http {
namespace {

/// Byte counts of the kinds of body.
struct SizeOf {
  std::uint64_t operator()(std::monostate) const noexcept { return 0; }
  std::uint64_t operator()(const std::string& text) const noexcept { return text.size(); }
  std::uint64_t operator()(const SharedBody& shared) const noexcept {
    std::uint64_t size = 0;
    for (const auto& buffer : shared.buffers)
      size += buffer->size();
    return size;
  }
  std::uint64_t operator()(const FileBody& file) const noexcept {
    std::uint64_t size = file.epilogue.size();
    for (const Part& part : file.parts)
      size += part.preamble.size() + part.length;
    return size;
  }
  std::uint64_t operator()(const StreamedBody& streamed) const noexcept {
    return streamed.source->size();
  }
};

/// A header's text, with nothing in it that could end its line.
void append_safe(std::string& out, std::string_view text) {
  const std::size_t begin = out.size();
  out += text;
  const auto is_unsafe = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), is_unsafe, ' ');
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  append_safe(out, name);
  out += ": ";
  append_safe(out, value);
  out += "\r\n";
}

std::size_t head_size_hint(const Response& response) {
  std::size_t size = 160;  // status line, Date, Connection and Content-Length
  for (const Field& field : response.headers)
    size += field.name.size() + field.value.size() + 4;
  if (response.shared_lines) size += response.shared_lines->size();
  return size;
}

/// Without the look for unsafe characters that append_field() takes: 3 % of all that a small file
/// cost, for texts of ours.
void append_own_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::uint64_t Response::body_size() const noexcept {
  return std::visit(SizeOf{}, body);
}

Response error_page(int status, std::string_view text) {
  const std::string title =
      std::to_string(status) + " " + base::escape_html(std::string(reason_phrase(status)));
  Response response;
  response.status = status;
  response.headers.push_back({"Content-Type", "text/html; charset=utf-8"});
  response.body = "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>" +
                  title + "</title></head>\n<body>\n<h1>" + title + "</h1>\n<p>" +
                  base::escape_html(text) + "</p>\n</body>\n</html>\n";
  return response;
}

Response error_page(const base::Error& error) {
  return error_page(status_of(error.kind), error.message);
}

Response redirect(std::string location) {
  Response response = error_page(302, "The page is at " + location);
  response.headers.push_back({"Location", std::move(location)});
  return response;
}

Response method_not_allowed(const std::vector<std::string_view>& methods) {
  std::string allowed = base::join(methods, ", ");
  Response response = error_page(405, "Allowed here: " + allowed);
  response.headers.push_back({"Allow", std::move(allowed)});
  return response;
}

std::string render_fields(const Fields& fields) {
  std::string lines;
  for (const Field& field : fields)
    append_field(lines, field.name, field.value);
  return lines;
}

std::string render_head(const Response& response, int version, bool keep_alive,
                        std::string_view date, std::size_t room) {
  std::string head;
  head.reserve(head_size_hint(response) + room);
  head += version == 10 ? "HTTP/1.0 " : "HTTP/1.1 ";
  head += std::to_string(response.status);
  head += ' ';
  head += reason_phrase(response.status);
  head += "\r\n";
  append_own_field(head, "Date", date);
  for (const Field& field : response.headers)
    append_field(head, field.name, field.value);
  if (response.shared_lines) head += *response.shared_lines;
  // RFC 9110 §8.6: none with 1xx and 204; with 304 it would have to be the size of the 200.
  if (!is_bodyless(response.status)) {
    append_own_field(head, "Content-Length", std::to_string(response.body_size()));
  }
  if (!keep_alive || response.close) {
    append_own_field(head, "Connection", "close");
  } else if (version == 10) {
    append_own_field(head, "Connection", "keep-alive");
  }
  head += "\r\n";
  return head;
}

}  // namespace pulse2::http
