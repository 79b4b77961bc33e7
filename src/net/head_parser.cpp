#include "net/head_parser.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <limits>

#include "base/text.hpp"
#include "http/target.hpp"

namespace pulse2::net {

namespace beast_http = boost::beast::http;

namespace {

constexpr auto k_missing = std::string_view::npos;
constexpr std::size_t k_usual_fields = 8;

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

/// "HTTP/" digit "." digit, whatever the digits.
bool is_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' &&
         is_digit(text[7]);
}

/// Takes a head that is complete apart. Writes to ours what the library's own parser keeps in a
/// message, from which it would have to be copied: 3 % of a file of 1 KiB.
class HeadReader final : public beast_http::basic_parser<true> {
 public:
  explicit HeadReader(http::RequestHead& head) : m_head(head) {
    header_limit(std::numeric_limits<std::uint32_t>::max());  // ours was checked
    body_limit(boost::none);
    m_head.fields.reserve(k_usual_fields);
  }

  /// False when it is not well-formed.
  bool read(std::string_view text) {
    boost::system::error_code error;
    put(boost::asio::buffer(text.data(), text.size()), error);
    if (error || !is_header_done()) return false;
    m_head.keep_alive = !m_says_close && (m_head.version >= 11 || m_says_keep_alive);
    if (const auto length = content_length()) m_head.content_length = *length;
    return true;
  }

  [[nodiscard]] std::size_t hosts() const noexcept { return m_hosts; }
  /// Whether there are fields that say how the body comes.
  [[nodiscard]] bool speaks_of_body() const noexcept { return m_speaks_of_body; }

 private:
  using Text = boost::beast::string_view;
  using Error = boost::system::error_code;

  void on_request_impl(beast_http::verb /*method*/, Text method, Text target, int version,
                       Error& /*error*/) override {
    m_head.method.assign(method.data(), method.size());
    m_head.target.assign(target.data(), target.size());
    m_head.version = version;
  }
  void on_field_impl(beast_http::field kind, Text name, Text value, Error& /*error*/) override {
    using beast_http::field;
    m_head.fields.push_back({{name.data(), name.size()}, {value.data(), value.size()}});
    if (kind == field::host) ++m_hosts;
    if (kind == field::connection) take_connection(value);
    m_speaks_of_body |=
        kind == field::transfer_encoding || kind == field::content_length || kind == field::expect;
  }
  /// The library's own keep_alive() also believes Proxy-Connection, which a proxy that does not
  /// know it passes on (RFC 9112 C.2.2).
  void take_connection(Text value) {
    beast_http::token_list tokens{value};
    m_says_close = m_says_close || tokens.exists("close");
    m_says_keep_alive = m_says_keep_alive || tokens.exists("keep-alive");
  }
  void on_header_impl(Error& /*error*/) override {}
  void on_finish_impl(Error& /*error*/) override {}
  // Never called: it is given no response and no body.
  void on_response_impl(int /*status*/, Text /*reason*/, int /*version*/,
                        Error& /*error*/) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         Error& /*error*/) override {}
  std::size_t on_body_impl(Text /*body*/, Error& /*error*/) override { return 0; }
  void on_chunk_header_impl(std::uint64_t /*size*/, Text /*extensions*/,
                            Error& /*error*/) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*left*/, Text /*body*/, Error& /*error*/) override {
    return 0;
  }

  http::RequestHead& m_head;
  std::size_t m_hosts = 0;
  bool m_speaks_of_body = false;
  bool m_says_close = false;
  bool m_says_keep_alive = false;
};

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

bool HeadParser::parse(std::string_view text) {
  HeadReader reader(m_head);
  if (!reader.read(text)) {
    refuse_malformed(text);
    return false;
  }
  if (reader.speaks_of_body() && !check_framing()) return false;
  if (reader.hosts() > 1 || (reader.hosts() == 0 && m_head.version >= 11)) {
    refuse(400, "A request needs one Host header.");
    return false;
  }
  auto target = http::parse_target(m_head.target);
  if (target) {
    m_head.path = std::move(target->path);
    m_head.query = std::move(target->query);
  } else {
    m_target_error = std::move(target).error();
  }
  return true;
}

void HeadParser::refuse_malformed(std::string_view text) {
  const auto line = text.substr(0, text.find("\r\n"));
  const auto version = line.substr(line.rfind(' ') + 1);
  if (is_version(version) && version != "HTTP/1.1" && version != "HTTP/1.0") {
    refuse(505, "This server speaks HTTP/1.1 and HTTP/1.0.");
  } else {
    refuse(400, "The request head is not well-formed.");
  }
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

}  // namespace pulse2::net
