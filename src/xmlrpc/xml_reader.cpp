#include "xmlrpc/xml_reader.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "xmlrpc/xml_text.hpp"

namespace pulse2::xmlrpc {
namespace {

/// A table: a third of the instructions for each character of a tag.
bool ends_name(char c) noexcept {
  static constexpr auto k_ends_name = [] {
    std::array<bool, 256> table{};
    for (const char end : std::string_view("> \t\r\n/=<'\"&"))
      table[static_cast<unsigned char>(end)] = true;
    return table;
  }();
  return k_ends_name[static_cast<unsigned char>(c)];
}

/// True when XML text stands for itself. Short texts, the most of them, are faster in one loop than
/// in two searches. Texts of megabytes are base64, in which a CR means nothing: rather than to copy
/// them they are taken with it.
bool is_literal(std::string_view raw) noexcept {
  constexpr std::size_t k_short = 32;
  constexpr std::size_t k_long = 1U << 20U;
  if (raw.size() <= k_short) {
    return std::none_of(raw.begin(), raw.end(), [](char c) { return c == '&' || c == '\r'; });
  }
  if (raw.find('&') != std::string_view::npos) return false;
  return raw.size() >= k_long || raw.find('\r') == std::string_view::npos;
}

bool starts_name(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' ||
         (c & 0x80) != 0;
}

}  // namespace

XmlReader::Token XmlReader::next() {
  m_piece = {};
  m_is_joined = false;
  if (m_end_follows) {
    m_end_follows = false;
    m_open.pop_back();
    return Token::end;
  }
  while (true) {
    const std::size_t tag = m_text.find('<', m_position);
    if (!add_text(m_text.substr(m_position, tag - m_position))) return Token::failed;
    if (m_open.empty() && !content_is_blank()) return fail("text outside of the root element");
    if (tag == std::string_view::npos) {
      m_position = m_text.size();
      return m_open.empty() ? Token::finish : fail("the document ends within an element");
    }
    m_position = tag + 1;
    const char kind = m_position < m_text.size() ? m_text[m_position] : '\0';
    if (kind == '/') return read_end_tag();
    if (kind != '!' && kind != '?') return read_start_tag();
    if (!read_markup()) return Token::failed;
  }
}

std::string XmlReader::take_content() {
  if (!m_is_joined) return std::string(m_piece);
  return std::exchange(m_joined, {});
}

bool XmlReader::content_is_blank() const noexcept {
  const std::string_view text = content();
  return std::all_of(text.begin(), text.end(), is_xml_space);
}

XmlReader::Token XmlReader::fail(std::string message) {
  m_error = base::Error{base::ErrorKind::malformed,
                        "XML: " + std::move(message) + " at byte " + std::to_string(m_position),
                        {}};
  return Token::failed;
}

bool XmlReader::add_text(std::string_view raw) {
  if (raw.empty()) return true;
  if (!m_is_joined && m_piece.empty() && is_literal(raw)) {
    m_piece = raw;
    return true;
  }
  if (!join(raw.size())) return false;
  auto appended = append_unescaped(m_joined, raw);
  if (appended) return true;
  m_error = std::move(appended).error();
  return false;
}

bool XmlReader::add_cdata(std::string_view raw) {
  if (!join(raw.size())) return false;
  append_normalised(m_joined, raw);
  return true;
}

bool XmlReader::join(std::size_t more) {
  if (content().size() + more > m_most_joined) {
    m_error = base::Error{base::ErrorKind::invalid_argument,
                          "XML: a text of this size must be sent without references and CDATA",
                          {}};
    return false;
  }
  if (!m_is_joined) m_joined.assign(m_piece);
  m_is_joined = true;
  return true;
}

bool XmlReader::skip_past(std::string_view terminator) {
  const std::size_t found = m_text.find(terminator, m_position);
  if (found == std::string_view::npos) return false;
  m_position = found + terminator.size();
  return true;
}

bool XmlReader::read_markup() {
  constexpr std::string_view k_comment = "!--";
  constexpr std::string_view k_cdata = "![CDATA[";
  constexpr std::string_view k_cdata_end = "]]>";
  if (rest().starts_with(k_comment)) {
    m_position += k_comment.size();
    if (skip_past("-->")) return true;
  } else if (rest().starts_with(k_cdata)) {
    m_position += k_cdata.size();
    const std::size_t start = m_position;
    if (skip_past(k_cdata_end)) {
      return add_cdata(m_text.substr(start, m_position - k_cdata_end.size() - start));
    }
  } else if (rest().starts_with('?')) {
    if (skip_past("?>")) return true;
  } else {
    // A document type could define entities that expand without end or name files.
    (void)fail("document types and other declarations are not accepted");
    return false;
  }
  (void)fail("the document ends within a comment, CDATA or an instruction");
  return false;
}

XmlReader::Token XmlReader::read_start_tag() {
  if (!read_name()) return Token::failed;
  if (!skip_attributes()) return Token::failed;
  if (rest().starts_with('/')) {
    m_end_follows = true;
    ++m_position;
  }
  if (!rest().starts_with('>')) return fail("a tag that does not end with >");
  ++m_position;
  m_open.push_back(m_name);
  return Token::start;
}

XmlReader::Token XmlReader::read_end_tag() {
  ++m_position;
  if (!read_name()) return Token::failed;
  skip_space();
  if (!rest().starts_with('>')) return fail("a tag that does not end with >");
  ++m_position;
  if (m_open.empty() || m_open.back() != m_name) return fail("an end tag without its start tag");
  m_open.pop_back();
  return Token::end;
}

bool XmlReader::read_name() {
  std::size_t end = m_position;
  while (end < m_text.size() && !ends_name(m_text[end]))
    ++end;
  m_name = m_text.substr(m_position, end - m_position);
  if (m_name.empty() || !starts_name(m_name.front())) {
    (void)fail("a name was expected");
    return false;
  }
  m_position = end;
  return true;
}

bool XmlReader::skip_attributes() {
  const std::string_view element = m_name;
  while (true) {
    const std::size_t before = m_position;
    skip_space();
    if (m_position == m_text.size() || rest().front() == '/' || rest().front() == '>') break;
    if (m_position == before || !read_name()) return fail("a malformed tag") != Token::failed;
    skip_space();
    if (!rest().starts_with('=')) return fail("an attribute without a value") != Token::failed;
    ++m_position;
    skip_space();
    const char quote = m_position < m_text.size() ? m_text[m_position] : '\0';
    const std::size_t end =
        quote == '"' || quote == '\'' ? m_text.find(quote, m_position + 1) : std::string_view::npos;
    if (end == std::string_view::npos ||
        m_text.substr(m_position, end - m_position).find('<') != std::string_view::npos) {
      return fail("an attribute's value without quotes or with <") != Token::failed;
    }
    m_position = end + 1;
  }
  m_name = element;
  return true;
}

void XmlReader::skip_space() noexcept {
  while (m_position < m_text.size() && is_xml_space(m_text[m_position]))
    ++m_position;
}

}  // namespace pulse2::xmlrpc
