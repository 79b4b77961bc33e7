#include <gtest/gtest.h>

#include <string>

#include "xmlrpc/decode.hpp"

namespace pulse2::xmlrpc {
namespace {

using base::ErrorKind;

std::string call_of(const std::string& value, const std::string& declaration = {}) {
  return declaration + "<methodCall><methodName>m</methodName><params><param>" + value +
         "</param></params></methodCall>";
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  for (std::size_t i = 0; i < times; ++i)
    result += text;
  return result;
}

std::string nested(std::size_t levels) {
  return call_of(repeated("<value><array><data>", levels) +
                 repeated("</data></array></value>", levels));
}

std::string string_of(std::string_view text) {
  return "<value><string>" + std::string(text) + "</string></value>";
}

/// The only parameter's text; the test fails when the body is refused.
std::string decoded_text(const std::string& body) {
  const auto call = decode_call(body);
  if (!call) {
    ADD_FAILURE() << call.error().message;
    return {};
  }
  return std::string(call->params.at(0).as_string().value_or("(no string)"));
}

TEST(DecodeLimits, Depth) {
  EXPECT_TRUE(decode_call(nested(64)).has_value());
  EXPECT_EQ(decode_call(nested(65)).error().kind, ErrorKind::invalid_argument);
  EXPECT_EQ(decode_call(nested(100'000)).error().kind, ErrorKind::invalid_argument);
}

TEST(DecodeLimits, UnknownElementsDoNotPileUp) {
  EXPECT_EQ(decode_call(repeated("<a>", 1'000'000)).error().kind, ErrorKind::invalid_argument);
}

TEST(DecodeLimits, Values) {
  Limits limits;
  limits.values = 3;
  const auto list = [](std::size_t count) {
    return call_of("<value><array><data>" + repeated("<value/>", count) +
                   "</data></array></value>");
  };
  EXPECT_TRUE(decode_call(list(2), limits).has_value());
  EXPECT_EQ(decode_call(list(3), limits).error().kind, ErrorKind::invalid_argument);
}

TEST(DecodeLimits, BigBinariesAreBorrowed) {
  const std::string base64 = repeated("YWJj", 20'000);
  const auto body = call_of("<value><base64>" + base64 + "</base64></value>");
  const auto call = decode_call(body);
  ASSERT_TRUE(call.has_value());
  const Value& value = call->params.at(0);
  ASSERT_TRUE(value.is_binary());
  EXPECT_EQ(value.as_encoded_binary(), base64);
  EXPECT_GE(value.as_encoded_binary()->data(), body.data());
  EXPECT_LT(value.as_encoded_binary()->data(), body.data() + body.size());
  EXPECT_EQ(value.to_owned().as_binary(), repeated("abc", 20'000));
  EXPECT_FALSE(value.as_binary());
}

TEST(DecodeLimits, BigTextsWithLineEndsOfWindowsAreBorrowed) {
  const std::string text = repeated("YWJj\r\n", 200'000);
  const auto body = call_of(string_of(text));
  const auto call = decode_call(body);
  ASSERT_TRUE(call.has_value());
  EXPECT_TRUE(call->params.at(0).is_borrowed());
  EXPECT_EQ(call->params.at(0).as_string(), text);
}

TEST(DecodeLimits, TextsThatAreCopied) {
  Limits limits;
  limits.owned_bytes = 1000;
  const auto list = [](const std::string& text) {
    return call_of("<value><array><data>" + repeated(string_of(text), 20) +
                   "</data></array></value>");
  };
  // What stands in the body as it is, is borrowed then; texts with references can't be.
  EXPECT_TRUE(decode_call(list(std::string(100, 'x')), limits).has_value());
  EXPECT_EQ(decode_call(list("&amp;" + std::string(100, 'x')), limits).error().kind,
            ErrorKind::invalid_argument);
  EXPECT_TRUE(decode_call(call_of(string_of("&amp;" + std::string(900, 'x'))), limits).has_value());
  EXPECT_EQ(decode_call(call_of(string_of("&amp;" + std::string(1000, 'x'))), limits).error().kind,
            ErrorKind::invalid_argument);
  EXPECT_EQ(
      decode_call(call_of("<value><![CDATA[" + std::string(1001, 'x') + "]]></value>"), limits)
          .error()
          .kind,
      ErrorKind::invalid_argument);
}

TEST(DecodeLimits, Names) {
  const auto member = [](std::size_t length) {
    return call_of("<value><struct><member><name>" + std::string(length, 'n') +
                   "</name><value/></member></struct></value>");
  };
  EXPECT_TRUE(decode_call(member(4096)).has_value());
  EXPECT_EQ(decode_call(member(4097)).error().kind, ErrorKind::invalid_argument);
  const auto method =
      "<methodCall><methodName>" + std::string(5000, 'm') + "</methodName></methodCall>";
  EXPECT_EQ(decode_call(method).error().kind, ErrorKind::invalid_argument);
}

TEST(DecodeLimits, ManyMembersOfOneNameCostNoQuadraticTime) {
  const auto call = decode_call(call_of(
      "<value><struct>" + repeated("<member><name>same</name><value>x</value></member>", 100'000) +
      "<member><name>same</name><value>last</value></member></struct></value>"));
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->params[0], Value(Struct{{"same", "last"}}));
}

TEST(DecodeBorrowing, BigPlainStringsLieInTheBody) {
  const std::string text(100'000, 'x');
  for (const std::string& value :
       {string_of(text), "<value>" + text + "</value>", string_of(text + "<!-- c -->")}) {
    const std::string body = call_of(value);
    const auto call = decode_call(body);
    ASSERT_TRUE(call.has_value());
    ASSERT_TRUE(call->params[0].is_borrowed());
    const auto view = *call->params[0].as_string();
    EXPECT_EQ(view, text);
    EXPECT_GE(view.data(), body.data());
    EXPECT_LE(view.data() + view.size(), body.data() + body.size());
  }
}

TEST(DecodeBorrowing, ChangedOrSmallStringsAreOwned) {
  const std::string text(100'000, 'x');
  for (const std::string& value :
       {string_of("small"), string_of(text + "&amp;"), string_of(text + "\r"),
        string_of("<![CDATA[" + text + "]]>"), string_of(text + "<!-- c -->" + text)}) {
    const std::string body = call_of(value);
    const auto call = decode_call(body);
    ASSERT_TRUE(call.has_value());
    EXPECT_FALSE(call->params[0].is_borrowed());
  }
  const std::string latin1 =
      call_of(string_of(text + "\xe9"), "<?xml version='1.0' encoding='iso-8859-1'?>");
  EXPECT_FALSE(decode_call(latin1)->params[0].is_borrowed());
}

TEST(DecodeEncodings, DeclaredOnesAreConverted) {
  const auto declared = [](const std::string& encoding, const std::string& text) {
    return call_of(string_of(text), "<?xml version=\"1.0\" encoding = \"" + encoding + "\" ?>\n");
  };
  EXPECT_EQ(decoded_text(declared("UTF-8", "é")), "é");
  EXPECT_EQ(decoded_text(declared("utf8", "é")), "é");
  EXPECT_EQ(decoded_text(declared("us-ascii", "e")), "e");
  EXPECT_EQ(decoded_text(declared("UTF-16", "é")), "é");
  for (const char* latin1 : {"ISO-8859-1", "iso-8859-1", "latin-1", "Latin1"}) {
    EXPECT_EQ(decoded_text(declared(latin1, "caf\xe9")), "café") << latin1;
    EXPECT_EQ(decoded_text(declared(latin1, "cafe")), "cafe") << latin1;
  }
  EXPECT_EQ(decoded_text(declared("iso-8859-15", "\xa4")), "€");
  EXPECT_EQ(decoded_text(declared("windows-1252", "\x80")), "€");
  EXPECT_EQ(decoded_text(declared("koi8-r", "\xc1")), "а");
  const std::string big(50'000, '\xe9');
  EXPECT_EQ(decoded_text(declared("iso-8859-1", big)), repeated("é", big.size()));
}

TEST(DecodeEncodings, ByteOrderMarks) {
  EXPECT_EQ(decoded_text("\xEF\xBB\xBF" + call_of(string_of("é"), "<?xml version='1.0'?>")), "é");
  std::string utf16 = "\xFF\xFE";
  for (const char c : call_of(string_of("text"))) {
    utf16 += c;
    utf16 += '\0';
  }
  EXPECT_EQ(decoded_text(utf16), "text");
}

TEST(DecodeEncodings, WhiteSpaceBeforeTheDeclarationIsForgiven) {
  EXPECT_EQ(decoded_text(" \r\n" +
                         call_of(string_of("\xe9"), "<?xml version='1.0' encoding='iso-8859-1'?>")),
            "é");
}

TEST(DecodeEncodings, ConversionIsBounded) {
  Limits limits;
  limits.convert_bytes = 100;
  const auto body = call_of(string_of("\xe9"), "<?xml version='1.0' encoding='iso-8859-1'?>");
  EXPECT_EQ(decode_call(body, limits).error().kind, ErrorKind::invalid_argument);
}

TEST(DecodeResponse, ValuesFaultsAndErrors) {
  const auto value = decode_response(
      "<methodResponse><params><param><value>x</value></param></params>"
      "</methodResponse>");
  ASSERT_TRUE(value.has_value());
  EXPECT_EQ(std::get<Value>(*value), Value("x"));
  const auto fault = decode_response(
      "<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>4</int>"
      "</value></member><member><name>faultString</name><value>Too many</value></member></struct>"
      "</value></fault></methodResponse>");
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(std::get<Fault>(*fault), (Fault{4, "Too many"}));
  for (const char* body : {"<methodResponse/>", "<methodResponse><params/></methodResponse>",
                           "<methodResponse><fault><value>x</value></fault></methodResponse>",
                           "<methodCall><methodName>m</methodName></methodCall>"}) {
    ASSERT_FALSE(decode_response(body).has_value()) << body;
    EXPECT_EQ(decode_response(body).error().kind, ErrorKind::invalid_argument) << body;
  }
  EXPECT_EQ(decode_response("502 Bad Gateway").error().kind, ErrorKind::malformed);
}

}  // namespace
}  // namespace pulse2::xmlrpc
