#include "xmlrpc/decode.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "xmlrpc/xml_reader.hpp"
#include "xmlrpc/xml_text.hpp"

namespace pulse2::xmlrpc {
namespace {

using base::ErrorKind;
using Token = XmlReader::Token;

enum class Type { integer, boolean, string, real, date_time, binary, nil, array, structure };

struct TypeName {
  std::string_view name;
  Type type;
};

constexpr std::array<TypeName, 15> k_types = {{{"string", Type::string},
                                               {"int", Type::integer},
                                               {"i4", Type::integer},
                                               {"struct", Type::structure},
                                               {"array", Type::array},
                                               {"boolean", Type::boolean},
                                               {"double", Type::real},
                                               {"nil", Type::nil},
                                               {"base64", Type::binary},
                                               {"dateTime.iso8601", Type::date_time},
                                               {"i8", Type::integer},
                                               {"i1", Type::integer},
                                               {"i2", Type::integer},
                                               {"float", Type::real},
                                               {"dateTime", Type::date_time}}};

/// The type of an element's name; a namespace prefix as in `ex:nil` is not looked at.
std::optional<Type> type_of(std::string_view name) noexcept {
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos) name.remove_prefix(colon + 1);
  const auto* found = std::find_if(k_types.begin(), k_types.end(),
                                   [&](const TypeName& known) { return known.name == name; });
  if (found == k_types.end()) return std::nullopt;
  return found->type;
}

std::string_view without_plus(std::string_view number) noexcept {
  if (number.size() > 1 && number[0] == '+' && number[1] != '-') number.remove_prefix(1);
  return number;
}

std::optional<double> parse_double(std::string_view text) noexcept {
  double value = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Digits and separators only: what is inside is for the reader of the value to judge.
bool is_date_time(std::string_view text) noexcept {
  constexpr std::size_t k_longest = 40;
  return text.size() <= k_longest &&
         text.find_first_not_of("0123456789T:-+.Z ") == std::string_view::npos;
}

/// Recursive descent over the messages. Functions return false once m_error is set. Those named
/// after an element run with its start tag read and read up to its end tag.
class Decoder {
 public:
  Decoder(const Document& document, const Limits& limits)
      : m_reader(document.text, limits.owned_bytes),
        m_in_place(document.in_place()),
        m_limits(limits) {}

  bool decode_call(Call& call);
  bool decode_response(Response& response);
  [[nodiscard]] base::Error take_error() { return std::move(m_error); }

 private:
  bool params(Array& values);
  bool param(Value& value);
  bool fault(Fault& fault);
  bool value(Value& out, std::size_t depth);
  bool typed_value(Value& out, Type type, std::size_t depth);
  bool scalar(Value& out, Type type);
  bool array(Value& out, std::size_t depth);
  bool structure(Value& out, std::size_t depth);
  bool member(Struct& members, std::size_t depth);
  bool binary(Value& out);

  /// Whether the content is rather borrowed from the body than copied.
  [[nodiscard]] bool is_borrowed() const;
  /// Counts bytes that are copied out of the body; false beyond the limit.
  bool own(std::size_t bytes);
  bool string(Value& out);
  /// Reads a text-only element up to its end tag.
  bool content_of(std::string_view element);
  /// Reads on to the next tag, with only white space before it.
  bool next_tag(Token& token);
  bool expect_start(std::string_view name);
  bool expect_end(std::string_view name);
  bool expect_finish();
  bool is(Token token, Token wanted, std::string_view name) const {
    return token == wanted && m_reader.name() == name;
  }
  /// The error for a tag that does not belong here.
  bool unexpected(Token token, std::string_view wanted);
  bool refuse(ErrorKind kind, const std::string& message);

  XmlReader m_reader;
  bool m_in_place;
  const Limits& m_limits;
  std::size_t m_values = 0;
  std::size_t m_owned = 0;
  base::Error m_error;
};

bool Decoder::refuse(ErrorKind kind, const std::string& message) {
  m_error = base::Error{kind, message + " at byte " + std::to_string(m_reader.position()), {}};
  return false;
}

bool Decoder::unexpected(Token token, std::string_view wanted) {
  if (token == Token::failed) {
    m_error = m_reader.error();
    return false;
  }
  const std::string expected = std::string(wanted) + " was expected";
  if (token == Token::finish) return refuse(ErrorKind::malformed, "XML: ends where " + expected);
  const std::string name = base::printable(m_reader.name(), 40);
  return refuse(
      ErrorKind::invalid_argument,
      "XML-RPC: " + std::string(token == Token::start ? "<" : "</") + name + "> where " + expected);
}

bool Decoder::next_tag(Token& token) {
  token = m_reader.next();
  if (token == Token::failed) return unexpected(token, {});
  if (m_reader.content_is_blank()) return true;
  return refuse(ErrorKind::invalid_argument, "XML-RPC: text between elements");
}

bool Decoder::expect_start(std::string_view name) {
  Token token{};
  if (!next_tag(token)) return false;
  if (is(token, Token::start, name)) return true;
  return unexpected(token, std::string("<").append(name).append(">"));
}

bool Decoder::expect_end(std::string_view name) {
  Token token{};
  if (!next_tag(token)) return false;
  return is(token, Token::end, name) ||
         unexpected(token, std::string("</").append(name).append(">"));
}

bool Decoder::expect_finish() {
  if (m_reader.next() == Token::finish && m_reader.content_is_blank()) return true;
  return refuse(ErrorKind::malformed, "XML: something follows the document");
}

bool Decoder::content_of(std::string_view element) {
  const Token token = m_reader.next();
  return is(token, Token::end, element) ||
         unexpected(token, std::string("</").append(element).append(">"));
}

bool Decoder::decode_call(Call& call) {
  if (!expect_start("methodCall") || !expect_start("methodName")) return false;
  if (!content_of("methodName")) return false;
  call.method = base::trim(m_reader.content());
  if (call.method.empty() || call.method.size() > m_limits.name_bytes) {
    return refuse(ErrorKind::invalid_argument, "XML-RPC: an empty or too long method name");
  }
  Token token{};
  if (!next_tag(token)) return false;
  if (is(token, Token::start, "params")) {
    if (!params(call.params) || !next_tag(token)) return false;
  }
  if (!is(token, Token::end, "methodCall")) return unexpected(token, "</methodCall>");
  return expect_finish();
}

bool Decoder::decode_response(Response& response) {
  if (!expect_start("methodResponse")) return false;
  Token token{};
  if (!next_tag(token)) return false;
  if (is(token, Token::start, "fault")) {
    if (!fault(response.emplace<Fault>())) return false;
  } else if (is(token, Token::start, "params")) {
    if (!expect_start("param") || !param(response.emplace<Value>())) return false;
    if (!expect_end("params")) return false;
  } else {
    return unexpected(token, "<params> or <fault>");
  }
  return expect_end("methodResponse") && expect_finish();
}

bool Decoder::params(Array& values) {
  while (true) {
    Token token{};
    if (!next_tag(token)) return false;
    if (is(token, Token::end, "params")) return true;
    if (!is(token, Token::start, "param")) return unexpected(token, "<param>");
    if (!param(values.emplace_back())) return false;
  }
}

bool Decoder::param(Value& out) {
  return expect_start("value") && value(out, 0) && expect_end("param");
}

bool Decoder::fault(Fault& fault) {
  Value content;
  if (!expect_start("value") || !value(content, 0) || !expect_end("fault")) return false;
  const Struct* members = content.as_struct();
  const Value* code = members != nullptr ? members->find("faultCode") : nullptr;
  const Value* text = members != nullptr ? members->find("faultString") : nullptr;
  if (code == nullptr || text == nullptr) {
    return refuse(ErrorKind::invalid_argument, "XML-RPC: a fault without its members");
  }
  fault.code = code->as_int().value_or(0);
  fault.text = text->as_string().value_or("");
  return true;
}

bool Decoder::value(Value& out, std::size_t depth) {
  if (++m_values > m_limits.values) {
    return refuse(ErrorKind::invalid_argument,
                  "XML-RPC: more than " + std::to_string(m_limits.values) + " values");
  }
  const Token token = m_reader.next();
  if (is(token, Token::end, "value")) return string(out);
  if (token != Token::start) return unexpected(token, "</value>");
  if (!m_reader.content_is_blank()) {
    return refuse(ErrorKind::invalid_argument, "XML-RPC: text before an element in <value>");
  }
  const auto type = type_of(m_reader.name());
  if (!type) return unexpected(token, "a type");
  return typed_value(out, *type, depth) && expect_end("value");
}

bool Decoder::typed_value(Value& out, Type type, std::size_t depth) {
  if (type != Type::array && type != Type::structure) {
    return content_of(m_reader.name()) && scalar(out, type);
  }
  if (depth >= m_limits.depth) {
    return refuse(ErrorKind::invalid_argument, "XML-RPC: values nested deeper than " +
                                                   std::to_string(m_limits.depth) + " levels");
  }
  return type == Type::array ? array(out, depth + 1) : structure(out, depth + 1);
}

bool Decoder::is_borrowed() const {
  if (!m_in_place || !m_reader.content_is_in_document()) return false;
  const std::size_t size = m_reader.content().size();
  return size >= m_limits.borrow_from || m_owned + size > m_limits.owned_bytes;
}

bool Decoder::own(std::size_t bytes) {
  m_owned += bytes;
  if (m_owned <= m_limits.owned_bytes) return true;
  return refuse(ErrorKind::invalid_argument,
                "XML-RPC: more than " + std::to_string(m_limits.owned_bytes) + " bytes of texts");
}

bool Decoder::string(Value& out) {
  if (is_borrowed()) {
    out = Value::borrow(m_reader.content());
    return true;
  }
  if (!own(m_reader.content().size())) return false;
  out = m_reader.take_content();
  return true;
}

bool Decoder::scalar(Value& out, Type type) {
  if (type == Type::string) return string(out);
  if (type == Type::binary) return binary(out);
  const std::string_view text = base::trim(m_reader.content());
  if (type == Type::nil && text.empty()) {
    out = Nil{};
    return true;
  }
  if (type == Type::integer) {
    if (const auto number = base::parse_integer<std::int64_t>(without_plus(text))) {
      out = *number;
      return true;
    }
  }
  if (type == Type::boolean && (text == "0" || text == "1" || text == "false" || text == "true")) {
    out = text == "1" || text == "true";
    return true;
  }
  if (type == Type::real) {
    if (const auto number = parse_double(without_plus(text))) {
      out = *number;
      return true;
    }
  }
  if (type == Type::date_time && is_date_time(text)) {
    out = DateTime{std::string(text)};
    return true;
  }
  return refuse(ErrorKind::invalid_argument,
                "XML-RPC: no <" + std::string(m_reader.name()) + ">: " + base::printable(text, 40));
}

bool Decoder::binary(Value& out) {
  if (is_borrowed()) {
    out = EncodedBinary{m_reader.content()};
    return true;
  }
  if (!own(m_reader.content().size())) return false;
  auto bytes = base::base64_decode(m_reader.content());
  if (!bytes) return refuse(ErrorKind::invalid_argument, "XML-RPC: " + bytes.error().message);
  out = Binary{*std::move(bytes)};
  return true;
}

bool Decoder::array(Value& out, std::size_t depth) {
  out = Array{};
  Array& elements = *out.as_array();
  Token token{};
  if (!next_tag(token)) return false;
  if (is(token, Token::end, "array")) return true;
  if (!is(token, Token::start, "data")) return unexpected(token, "<data>");
  while (true) {
    if (!next_tag(token)) return false;
    if (is(token, Token::end, "data")) return expect_end("array");
    if (!is(token, Token::start, "value")) return unexpected(token, "<value>");
    if (!value(elements.emplace_back(), depth)) return false;
  }
}

bool Decoder::structure(Value& out, std::size_t depth) {
  out = Struct{};
  Struct& members = *out.as_struct();
  while (true) {
    Token token{};
    if (!next_tag(token)) return false;
    if (is(token, Token::end, "struct")) break;
    if (!is(token, Token::start, "member")) return unexpected(token, "<member>");
    if (!member(members, depth)) return false;
  }
  members.keep_last_of_each();
  return true;
}

bool Decoder::member(Struct& members, std::size_t depth) {
  if (!expect_start("name") || !content_of("name")) return false;
  if (m_reader.content().size() > m_limits.name_bytes) {
    return refuse(ErrorKind::invalid_argument, "XML-RPC: a member's name is too long");
  }
  if (!own(m_reader.content().size())) return false;
  std::string name = m_reader.take_content();
  Value content;
  if (!expect_start("value") || !value(content, depth) || !expect_end("member")) return false;
  members.append(std::move(name), std::move(content));
  return true;
}

template <class Message>
base::Expected<Message> decode(std::string_view body, const Limits& limits,
                               bool (Decoder::*read)(Message&)) {
  Document document;
  if (auto prepared = prepare_document(body, limits.convert_bytes, document); !prepared) {
    return tl::unexpected<base::Error>(std::move(prepared).error());
  }
  Decoder decoder(document, limits);
  Message message;
  if (!(decoder.*read)(message)) return tl::unexpected<base::Error>(decoder.take_error());
  return message;
}

}  // namespace

base::Expected<Call> decode_call(std::string_view body, const Limits& limits) {
  return decode<Call>(body, limits, &Decoder::decode_call);
}

base::Expected<Response> decode_response(std::string_view body, const Limits& limits) {
  return decode<Response>(body, limits, &Decoder::decode_response);
}

}  // namespace pulse2::xmlrpc
