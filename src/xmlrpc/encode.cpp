#include "xmlrpc/encode.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <variant>

#include "base/base64.hpp"
#include "xmlrpc/xml_text.hpp"

namespace pulse2::xmlrpc {
namespace {

constexpr std::string_view k_declaration = "<?xml version='1.0'?>\n";

template <class Number>
void append_number(std::string& out, Number number) {
  std::array<char, 32> digits{};
  out.append(digits.data(),
             std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

/// Appends the content of one <value> by its type.
class Encoder {
 public:
  explicit Encoder(std::string& out) : m_out(out) {}

  void operator()(Nil /*nil*/) { m_out += "<value><int>0</int></value>\n"; }

  void operator()(bool value) {
    m_out +=
        value ? "<value><boolean>1</boolean></value>\n" : "<value><boolean>0</boolean></value>\n";
  }

  void operator()(std::int64_t value) {
    const bool fits = value >= std::numeric_limits<std::int32_t>::min() &&
                      value <= std::numeric_limits<std::int32_t>::max();
    m_out += fits ? "<value><int>" : "<value><double>";
    append_number(m_out, value);
    m_out += fits ? "</int></value>\n" : ".0</double></value>\n";
  }

  void operator()(double value) {
    m_out += "<value><double>";
    const std::size_t start = m_out.size();
    append_number(m_out, value);
    // Python's repr() too shows that a whole number is a float.
    const bool whole = m_out.find_first_not_of("-0123456789", start) == std::string::npos;
    m_out += whole ? ".0</double></value>\n" : "</double></value>\n";
  }

  void operator()(const std::string& text) { put("string", text); }
  void operator()(std::string_view text) { put("string", text); }
  void operator()(const DateTime& time) { put("dateTime.iso8601", time.text); }
  void operator()(const Binary& binary) { put("base64", base::base64_encode(binary.bytes)); }

  void operator()(const EncodedBinary& binary) { put("base64", binary.base64); }

  void operator()(const Array& array) {
    m_out += k_array_prefix;
    for (const Value& element : array)
      encode_value(m_out, element);
    m_out += k_array_suffix;
  }

  void operator()(const Struct& members) {
    m_out += "<value><struct>\n";
    for (const Member& member : members) {
      m_out += "<member>\n<name>";
      append_escaped(m_out, member.name);
      m_out += "</name>\n";
      encode_value(m_out, member.value);
      m_out += "</member>\n";
    }
    m_out += "</struct></value>\n";
  }

 private:
  void put(std::string_view type, std::string_view text) {
    m_out += "<value><";
    m_out += type;
    m_out += '>';
    append_escaped(m_out, text);
    m_out += "</";
    m_out += type;
    m_out += "></value>\n";
  }

  std::string& m_out;
};

}  // namespace

void encode_value(std::string& out, const Value& value) {
  std::visit(Encoder(out), value.data());
}

std::string encode_response(const Value& value) {
  std::string out(k_response_prefix);
  encode_value(out, value);
  out += k_response_suffix;
  return out;
}

std::string encode_fault(int code, std::string_view text) {
  std::string out(k_declaration);
  out += "<methodResponse>\n<fault>\n";
  encode_value(out, Struct{{"faultCode", code}, {"faultString", text}});
  out += "</fault>\n</methodResponse>\n";
  return out;
}

std::string encode_call(std::string_view method, const Array& params) {
  std::string out(k_declaration);
  out += "<methodCall>\n<methodName>";
  append_escaped(out, method);
  out += "</methodName>\n<params>\n";
  for (const Value& param : params) {
    out += "<param>\n";
    encode_value(out, param);
    out += "</param>\n";
  }
  out += "</params>\n</methodCall>\n";
  return out;
}

}  // namespace pulse2::xmlrpc
