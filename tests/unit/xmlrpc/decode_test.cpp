#include "xmlrpc/decode.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace pulse2::xmlrpc {
namespace {

using base::ErrorKind;

/// A call of `m` whose only parameter is this `<value>…</value>`.
std::string call_of(const std::string& value) {
  return "<?xml version='1.0'?><methodCall><methodName>m</methodName><params><param>" + value +
         "</param></params></methodCall>";
}

/// White space around the tags that stand next to another tag, where it never means anything.
std::string with_space(const std::string& message, const std::string& space) {
  std::string result;
  for (std::size_t i = 0; i < message.size(); ++i) {
    result += message[i];
    const bool between_tags = message[i] == '>' && i + 1 < message.size() && message[i + 1] == '<';
    const bool around_text_value = message.substr(i + 1).starts_with("</value>") &&
                                   message.substr(0, i + 1).ends_with("<value>");
    if (between_tags && !around_text_value) result += space;
  }
  return result + space;
}

ErrorKind kind_of_failure(std::string_view body, const Limits& limits = {}) {
  const auto call = decode_call(body, limits);
  EXPECT_FALSE(call.has_value()) << body.substr(0, 200);
  return call ? ErrorKind::internal : call.error().kind;
}

struct Good {
  std::string xml;
  Value value;
};

const std::vector<Good>& good_values() {
  static const std::vector<Good> values = {
      {"<value><int>1</int></value>", 1},
      {"<value><i4>-2</i4></value>", -2},
      {"<value><i4> +3\n</i4></value>", 3},
      {"<value><i8>9223372036854775807</i8></value>", std::numeric_limits<std::int64_t>::max()},
      {"<value><ex:i8>5</ex:i8></value>", 5},
      {"<value><boolean>1</boolean></value>", true},
      {"<value><boolean>0</boolean></value>", false},
      {"<value><double>-1.5e3</double></value>", -1500.0},
      {"<value><double>7</double></value>", 7.0},
      {"<value><nil/></value>", Nil{}},
      {"<value><nil></nil></value>", Nil{}},
      {"<value><ex:nil xmlns:ex='http://e/x'/></value>", Nil{}},
      {"<value><string>a b</string></value>", "a b"},
      {"<value><string/></value>", ""},
      {"<value></value>", ""},
      {"<value/>", ""},
      {"<value>bare é</value>", "bare é"},
      {"<value> \n </value>", " \n "},
      {"<value><string> kept </string></value>", " kept "},
      {"<value><string>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#x1F600;&#13;</string></value>",
       "<>&\"'AB\xF0\x9F\x98\x80\r"},
      {"<value><string>a\r\nb\rc</string></value>", "a\nb\nc"},
      {"<value><string>a<![CDATA[<&amp;]]]]>b<!-- c -->d<?p i?>e</string></value>", "a<&amp;]]bde"},
      {"<value><!-- c --><int>1</int><?pi?></value>", 1},
      {"<value a=\"1 > /\" b = '2' ><int >1</int\n></value >", 1},
      {"<value><base64>YW\nJj</base64></value>", Binary{"abc"}},
      {"<value><base64></base64></value>", Binary{""}},
      {"<value><dateTime.iso8601>20260102T03:04:05</dateTime.iso8601></value>",
       DateTime{"20260102T03:04:05"}},
      {"<value><array><data></data></array></value>", Array{}},
      {"<value><array><data/></array></value>", Array{}},
      {"<value><array/></value>", Array{}},
      {"<value><array><data><value>a</value><value><int>1</int></value></data></array></value>",
       Array{"a", 1}},
      {"<value><struct></struct></value>", Struct{}},
      {"<value><struct/></value>", Struct{}},
      {"<value><struct><member><name>a &amp; b</name><value>1</value></member><member><name/>"
       "<value><nil/></value></member></struct></value>",
       Struct{{"a & b", "1"}, {"", Nil{}}}},
      {"<value><struct><member><name>a</name><value>1</value></member><member><name>a</name>"
       "<value>2</value></member></struct></value>",
       Struct{{"a", "2"}}},
  };
  return values;
}

TEST(DecodeCall, ReadsEveryGoodValue) {
  for (const Good& good : good_values()) {
    const auto call = decode_call(call_of(good.xml));
    ASSERT_TRUE(call.has_value()) << good.xml << ": " << call.error().message;
    EXPECT_EQ(call->method, "m");
    ASSERT_EQ(call->params.size(), 1U);
    EXPECT_EQ(call->params[0], good.value) << good.xml << " is " << describe(call->params[0]);
  }
}

TEST(DecodeCall, WhiteSpaceBetweenTagsMeansNothing) {
  for (const Good& good : good_values()) {
    // Text within <value> or <string> is content: only values without mixed content can be spaced.
    if (good.xml.find("<!") != std::string::npos) continue;
    if (good.xml.find("<string></string>") != std::string::npos) continue;
    for (const char* space : {" ", "\n", "\r\n\t  ", "\r"}) {
      const std::string body = with_space(call_of(good.xml), space);
      const auto call = decode_call(body);
      ASSERT_TRUE(call.has_value()) << body << ": " << call.error().message;
      ASSERT_EQ(call->params.size(), 1U);
      EXPECT_EQ(call->params[0], good.value) << body;
    }
  }
}

TEST(DecodeCall, EveryCutMessageIsMalformed) {
  for (const Good& good : good_values()) {
    const std::string body = call_of(good.xml);
    for (std::size_t length = 0; length < body.size(); ++length) {
      EXPECT_EQ(kind_of_failure(body.substr(0, length)), ErrorKind::malformed)
          << body.substr(0, length);
    }
  }
}

TEST(DecodeCall, ParamsMayBeAbsentOrEmptyAndMany) {
  for (const char* params : {"", "<params/>", "<params></params>"}) {
    const auto call = decode_call("<methodCall><methodName> a.b </methodName>" +
                                  std::string(params) + "</methodCall>");
    ASSERT_TRUE(call.has_value()) << params;
    EXPECT_EQ(call->method, "a.b");
    EXPECT_TRUE(call->params.empty());
  }
  const auto call = decode_call(call_of("<value>1</value></param><param><value>2</value>"));
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(Value(call->params), Value(Array{"1", "2"}));
}

TEST(DecodeCall, MalformedXml) {
  const std::vector<std::string> bodies = {
      "",
      "hello",
      "\n",
      "<",
      "<methodCall",
      "<!DOCTYPE a><methodCall><methodName>m</methodName></methodCall>",
      call_of("<value><string>&unknown;</string></value>"),
      call_of("<value><string>&#0;</string></value>"),
      call_of("<value><string>&#xD800;</string></value>"),
      call_of("<value><string>&#x110000;</string></value>"),
      call_of("<value><string>&#99999999999;</string></value>"),
      call_of("<value><string>&#-1;</string></value>"),
      call_of("<value><string>&#x;</string></value>"),
      call_of("<value><string>a & b</string></value>"),
      call_of("<value><string>&amp</string></value>"),
      call_of("<value><int>1</string></value>"),
      call_of("<value><int>1</value></int>"),
      call_of("<value><int a>1</int></value>"),
      call_of("<value><int a='<'>1</int></value>"),
      call_of("<value><int a=1>1</int></value>"),
      call_of("<value>< int>1</int></value>"),
      call_of("<value>caf\xe9</value>"),
      call_of("<value>\xED\xA0\x80</value>"),
      call_of("<value>\xC0\x80</value>"),
      call_of("<value>\x01</value>"),
      call_of(std::string("<value>\0</value>", 16)),
      call_of("<value><!-- never closed </value>"),
      call_of("<value>x</value>") + "<more/>",
      call_of("<value>x</value>") + "text",
      call_of("<value>x</value>") + "</methodCall>",
      "<?xml version='1.0' encoding='no-such'?><methodCall/>",
      "<?xml version='1.0' encoding='utf-7'?><methodCall/>",
      "<?xml version='1.0' encoding='iso-8859-1//TRANSLIT'?><methodCall/>",
  };
  for (const std::string& body : bodies) {
    EXPECT_EQ(kind_of_failure(body), ErrorKind::malformed) << body;
  }
}

TEST(DecodeCall, WellFormedButNoCall) {
  const std::vector<std::string> bodies = {
      "<html/>",
      "<methodCall/>",
      "<methodCall><params/></methodCall>",
      "<methodCall><methodName/></methodCall>",
      "<methodCall><methodName>m</methodName><foo/></methodCall>",
      "<methodCall><methodName><b>m</b></methodName></methodCall>",
      "<methodResponse><params/></methodResponse>",
      call_of(""),
      call_of("<value>a</value><value>b</value>"),
      call_of("text"),
      call_of("<value>text<int>1</int></value>"),
      call_of("<value><int>1</int>text</value>"),
      call_of("<value><int>1</int><int>2</int></value>"),
      call_of("<value><int></int></value>"),
      call_of("<value><int>1.5</int></value>"),
      call_of("<value><int>one</int></value>"),
      call_of("<value><int>+-1</int></value>"),
      call_of("<value><i8>9223372036854775808</i8></value>"),
      call_of("<value><boolean>2</boolean></value>"),
      call_of("<value><double>nan</double></value>"),
      call_of("<value><double>1e999</double></value>"),
      call_of("<value><nil>x</nil></value>"),
      call_of("<value><base64>?</base64></value>"),
      call_of("<value><dateTime.iso8601>tomorrow</dateTime.iso8601></value>"),
      call_of("<value><unknown/></value>"),
      call_of("<value><array><value>a</value></array></value>"),
      call_of("<value><array><data>a</data></array></value>"),
      call_of("<value><struct><name>a</name></struct></value>"),
      call_of("<value><struct><member><name>a</name></member></struct></value>"),
      call_of("<value><struct><member><value>a</value></member></struct></value>"),
  };
  for (const std::string& body : bodies) {
    EXPECT_EQ(kind_of_failure(body), ErrorKind::invalid_argument) << body;
  }
}

}  // namespace
}  // namespace pulse2::xmlrpc
