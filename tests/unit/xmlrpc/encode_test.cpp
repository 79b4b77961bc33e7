#include "xmlrpc/encode.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "xmlrpc/decode.hpp"

namespace pulse2::xmlrpc {
namespace {

std::string encoded(const Value& value) {
  std::string out;
  encode_value(out, value);
  return out;
}

TEST(EncodeValue, WritesEachType) {
  EXPECT_EQ(encoded(Nil{}), "<value><int>0</int></value>\n");
  EXPECT_EQ(encoded(true), "<value><boolean>1</boolean></value>\n");
  EXPECT_EQ(encoded(-5), "<value><int>-5</int></value>\n");
  EXPECT_EQ(encoded("é"), "<value><string>é</string></value>\n");
  EXPECT_EQ(encoded(Value::borrow("b")), "<value><string>b</string></value>\n");
  EXPECT_EQ(encoded(Binary{"abc"}), "<value><base64>YWJj</base64></value>\n");
  EXPECT_EQ(encoded(DateTime{"20260102T03:04:05"}),
            "<value><dateTime.iso8601>20260102T03:04:05</dateTime.iso8601></value>\n");
  EXPECT_EQ(encoded(Array{}), "<value><array><data>\n</data></array></value>\n");
  EXPECT_EQ(encoded(Struct{{"a&b", 1}}),
            "<value><struct>\n<member>\n<name>a&amp;b</name>\n"
            "<value><int>1</int></value>\n</member>\n</struct></value>\n");
}

TEST(EncodeValue, IntsBeyond32BitsAreDoublesWithAllDigits) {
  EXPECT_EQ(encoded(2147483647), "<value><int>2147483647</int></value>\n");
  EXPECT_EQ(encoded(2147483648), "<value><double>2147483648.0</double></value>\n");
  EXPECT_EQ(encoded(-2147483649), "<value><double>-2147483649.0</double></value>\n");
  EXPECT_EQ(encoded(std::numeric_limits<std::int64_t>::max()),
            "<value><double>9223372036854775807.0</double></value>\n");
}

TEST(EncodeValue, DoublesAreWrittenInFull) {
  EXPECT_EQ(encoded(3.0), "<value><double>3.0</double></value>\n");
  EXPECT_EQ(encoded(0.1), "<value><double>0.1</double></value>\n");
  EXPECT_EQ(encoded(1e22), "<value><double>1e+22</double></value>\n");
}

TEST(EncodeValue, EscapesAtEveryPositionOfALongString) {
  for (std::size_t at = 0; at < 200; ++at) {
    std::string text(200, 'x');
    text[at] = '<';
    EXPECT_EQ(encoded(text), "<value><string>" + text.substr(0, at) + "&lt;" + text.substr(at + 1) +
                                 "</string></value>\n");
  }
}

TEST(EncodeValue, ReplacesWhatXmlCannotCarry) {
  EXPECT_EQ(encoded(std::string("a\0b\x1b\t\n", 6)), "<value><string>a?b?\t\n</string></value>\n");
  EXPECT_EQ(encoded("caf\xe9!"), "<value><string>caf?!</string></value>\n");
  EXPECT_EQ(encoded("\xEF\xBF\xBF|\xED\xA0\x80"),
            "<value><string>??"
            "?|??"
            "?</string></value>\n");
  EXPECT_EQ(encoded("a\r\nb"), "<value><string>a&#13;\nb</string></value>\n");
  EXPECT_EQ(encoded("]]>"), "<value><string>]]&gt;</string></value>\n");
}

TEST(EncodeResponse, HasPythonsLayout) {
  EXPECT_EQ(encode_response("x"),
            "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n"
            "<value><string>x</string></value>\n</param>\n</params>\n</methodResponse>\n");
}

TEST(EncodeResponse, FragmentsJoinToTheSame) {
  std::string joined(k_response_prefix);
  joined += k_array_prefix;
  encode_value(joined, "a");
  encode_value(joined, Struct{{"b", 1}});
  joined += k_array_suffix;
  joined += k_response_suffix;
  EXPECT_EQ(joined, encode_response(Array{"a", Struct{{"b", 1}}}));
}

TEST(EncodeFault, CanBeDecoded) {
  const auto response = decode_response(encode_fault(k_fault_no_such_method, "no <such>"));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(std::get<Fault>(*response), (Fault{8001, "no <such>"}));
}

TEST(EncodeCall, RoundTripsEveryType) {
  const Array params = {true,
                        -7,
                        2.5,
                        "é & <b> \r\n \t",
                        "  spaces  ",
                        "",
                        Binary{std::string("\0\xff\n", 3)},
                        DateTime{"20260102T03:04:05"},
                        Array{Array{}, 1},
                        Struct{{"a", Struct{}}, {"name with <&>", "\xF0\x9F\x98\x80"}}};
  const auto call = decode_call(encode_call("a.method", params));
  ASSERT_TRUE(call.has_value()) << call.error().message;
  EXPECT_EQ(call->method, "a.method");
  EXPECT_EQ(Value(call->params), Value(params));
}

TEST(EncodeResponse, RoundTripsThroughOurClient) {
  const Value value = Struct{{"list", Array{1, "two", 3.5}}, {"big", 5'000'000'000.0}};
  const auto response = decode_response(encode_response(value));
  ASSERT_TRUE(response.has_value()) << response.error().message;
  EXPECT_EQ(std::get<Value>(*response), value);
}

}  // namespace
}  // namespace pulse2::xmlrpc
