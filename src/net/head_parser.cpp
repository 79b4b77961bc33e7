#include "net/head_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <limits>

#include "base/text.hpp"
#include "http/target.hpp"

namespace pulse2::net {

namespace beast_http = boost::beast::http;

namespace {

constexpr auto k_missing = std::string_view::npos;
constexpr std::size_t k_usual_fields = 8;

std::string to_string(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

/// "HTTP/" digit "." digit, whatever the digits.
bool is_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

}  // namespace

HeadParser::Progress HeadParser::refuse(int status, std::string_view reason) {
  m_status = status;
  m_reason = reason;
  return {State::refused, 0};
}

std::size_t HeadParser::find_end(std::string_view text) {
  while (true) {
    const auto line_feed = text.find('\n', m_scanned);
    if (line_feed == k_missing) return k_missing;
    if (line_feed == 0 || text[line_feed - 1] != '\r') {
      refuse(400, "A line of the request head does not end with CR LF.");
      return k_missing;
    }
    if (line_feed == m_scanned + 1) return line_feed + 1;
    // Of the last complete line, the first byte is enough to see a folded one.
    if (m_scanned > 0 && (text[m_scanned] == ' ' || text[m_scanned] == '\t')) {
      refuse(400, "A header line is folded.");
      return k_missing;
    }
    m_scanned = line_feed + 1;
  }
}

HeadParser::Progress HeadParser::feed(std::string_view bytes) {
  std::size_t skipped = 0;
  if (m_pending.empty()) {
    while (bytes.substr(skipped).starts_with("\r\n"))
      skipped += 2;
    bytes.remove_prefix(skipped);
    if (bytes == "\r") return {State::need_more, skipped + (m_pending = bytes).size()};
  }
  const std::size_t before = m_pending.size();
  if (before > 0) m_pending += bytes.substr(0, m_limit + 1 - std::min(before, m_limit + 1));
  // A head that came in one piece is read where it lies.
  const std::string_view text = before > 0 ? std::string_view(m_pending) : bytes;
  if (text.starts_with("\r\n")) {
    const std::size_t consumed = 2 - before;
    m_pending.clear();
    m_scanned = 0;
    auto rest = feed(bytes.substr(consumed));
    rest.consumed += consumed;
    return rest;
  }
  const std::size_t end = find_end(text);
  if (m_status != 0) return {State::refused, 0};
  if (end == k_missing ? text.size() > m_limit : end > m_limit) {
    return refuse(431, "The request head is too large.");
  }
  if (end == k_missing) {
    if (before == 0) m_pending = bytes;
    return {State::need_more, skipped + bytes.size()};
  }
  if (!parse(text.substr(0, end))) return {State::refused, 0};
  return {State::complete, skipped + end - before};
}

bool HeadParser::check_request_line(std::string_view text) {
  const auto line = text.substr(0, text.find("\r\n"));
  const auto blank = line.rfind(' ');
  const auto version = blank == k_missing ? std::string_view{} : line.substr(blank + 1);
  if (is_version(version) && version != "HTTP/1.1" && version != "HTTP/1.0") {
    refuse(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
    return false;
  }
  return true;
}

bool HeadParser::parse(std::string_view text) {
  if (!check_request_line(text)) return false;
  beast_http::request_parser<beast_http::empty_body> parser;
  const auto limit = std::numeric_limits<std::uint32_t>::max();
  parser.header_limit(limit);  // ours was checked
  parser.body_limit(boost::none);
  boost::system::error_code error;
  parser.put(boost::asio::buffer(text.data(), text.size()), error);
  if (error || !parser.is_header_done()) {
    refuse(400, "The request head is not well-formed.");
    return false;
  }
  const auto& message = parser.get();
  m_head.method = to_string(message.method_string());
  m_head.target = to_string(message.target());
  m_head.version = static_cast<int>(message.version());
  m_head.keep_alive = message.keep_alive();
  if (const auto length = parser.content_length()) m_head.content_length = *length;
  m_head.fields.reserve(k_usual_fields);
  for (const auto& field : message) {
    m_head.fields.push_back({to_string(field.name_string()), to_string(field.value())});
  }
  if (!check_framing() || !check_host()) return false;
  auto target = http::parse_target(m_head.target);
  if (target) {
    m_head.path = std::move(target->path);
    m_head.query = std::move(target->query);
  } else {
    m_target_error = std::move(target).error();
  }
  return true;
}

bool HeadParser::check_framing() {
  const auto coding = http::join_fields(m_head.fields, "Transfer-Encoding");
  // The library takes the same number twice.
  const auto length = http::join_fields(m_head.fields, "Content-Length");
  const bool has_length = length.has_value();
  if (coding) {
    if (has_length || m_head.version < 11) {
      refuse(400, "The length of the request body is ambiguous.");
      return false;
    }
    if (!base::iequals(base::trim(*coding), "chunked")) {
      refuse(501, "Only the transfer coding \"chunked\" is known here.");
      return false;
    }
    m_head.chunked = true;
    m_head.content_length.reset();
  } else if (has_length && !base::parse_integer<std::uint64_t>(*length)) {
    refuse(400, "Content-Length is not one number.");
    return false;
  }
  const auto expect = base::trim(m_head.header("Expect"));
  if (m_head.version < 11 || expect.empty()) return true;
  m_head.expect_continue = base::iequals(expect, "100-continue");
  if (!m_head.expect_continue) refuse(417, "Only the expectation \"100-continue\" is known here.");
  return m_head.expect_continue;
}

bool HeadParser::check_host() {
  std::size_t hosts = 0;
  for (const auto& field : m_head.fields) {
    if (base::iequals(field.name, "Host")) ++hosts;
  }
  if (hosts > 1 || (hosts == 0 && m_head.version >= 11)) {
    refuse(400, "A request needs one Host header.");
    return false;
  }
  return true;
}

}  // namespace pulse2::net
