#include "http/response.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/listing.hpp"
#include "http/request.hpp"

namespace pulse2::http {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* k_date = "Sun, 06 Nov 1994 08:49:37 GMT";

TEST(RenderHead, IsStatusLineThenFieldsThenAnEmptyLine) {
  Response response;
  response.headers = {{"Content-Type", "text/xml"}};
  response.body = std::string("abc");
  EXPECT_EQ(render_head(response, 11, true, k_date),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: text/xml\r\n"
            "Content-Length: 3\r\n\r\n");
}

TEST(RenderHead, SaysWhatHappensToTheConnection) {
  Response response;
  EXPECT_THAT(render_head(response, 11, true, k_date), Not(HasSubstr("Connection:")));
  EXPECT_THAT(render_head(response, 11, false, k_date), HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_THAT(render_head(response, 10, true, k_date), HasSubstr("\r\nConnection: keep-alive\r\n"));
  response.close = true;
  EXPECT_THAT(render_head(response, 11, true, k_date), HasSubstr("\r\nConnection: close\r\n"));
}

TEST(RenderHead, RepeatsVersionTen) {
  EXPECT_THAT(render_head({}, 10, true, k_date), testing::StartsWith("HTTP/1.0 200 OK\r\n"));
}

TEST(RenderHead, NoLengthWhereNoBodyCanBe) {
  for (const int status : {204, 304}) {
    Response response;
    response.status = status;
    EXPECT_THAT(render_head(response, 11, true, k_date), Not(HasSubstr("Content-Length")));
  }
}

TEST(RenderHead, ValuesCannotStartALine) {
  Response response;
  response.headers = {{"Location", "/a\r\nSet-Cookie: x"}};
  EXPECT_THAT(render_head(response, 11, true, k_date), Not(HasSubstr("\nSet-Cookie")));
}

TEST(BodySize, AddsAllPieces) {
  Response response;
  EXPECT_EQ(response.body_size(), 0U);
  const auto buffer = std::make_shared<const std::string>("12345");
  response.body = SharedBody{{buffer, buffer}};
  EXPECT_EQ(response.body_size(), 10U);
  response.body = FileBody{-1, nullptr, {{"ab", 0, 3}, {"", 9, 4}}, "xyz"};
  EXPECT_EQ(response.body_size(), 12U);
}

TEST(ErrorPage, EscapesItsText) {
  const Response page = error_page(404, "no <b>\"x\"</b>");
  EXPECT_EQ(page.status, 404);
  EXPECT_EQ(find_field(page.headers, "content-type"), "text/html; charset=utf-8");
  const auto& text = std::get<std::string>(page.body);
  EXPECT_THAT(text, HasSubstr("404 Not Found"));
  EXPECT_THAT(text, Not(HasSubstr("<b>")));
}

TEST(ErrorPage, ShowsTheClientNoDetail) {
  const Response page =
      error_page(base::Error{base::ErrorKind::not_found, "no such file", "/secret/path"});
  EXPECT_EQ(page.status, 404);
  EXPECT_THAT(std::get<std::string>(page.body), Not(HasSubstr("secret")));
}

TEST(Reasons, AreThoseOfRfc9110) {
  EXPECT_EQ(reason_phrase(206), "Partial Content");
  EXPECT_EQ(reason_phrase(304), "Not Modified");
  EXPECT_EQ(reason_phrase(412), "Precondition Failed");
  EXPECT_EQ(reason_phrase(416), "Range Not Satisfiable");
  EXPECT_EQ(reason_phrase(505), "HTTP Version Not Supported");
  EXPECT_EQ(reason_phrase(299), "Unknown");
}

TEST(Responses, RedirectAndMethodNotAllowed) {
  const Response moved = redirect("/mirror1_files/multi/?x=1");
  EXPECT_EQ(moved.status, 302);
  EXPECT_EQ(find_field(moved.headers, "Location"), "/mirror1_files/multi/?x=1");
  const Response refused = method_not_allowed({"GET", "HEAD"});
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(find_field(refused.headers, "Allow"), "GET, HEAD");
}

TEST(Fields, AreFoundWhateverTheirCase) {
  RequestHead head;
  head.fields = {{"X-One", "1"}, {"x-one", "2"}, {"Empty", ""}};
  EXPECT_EQ(head.header("X-ONE"), "1");
  EXPECT_EQ(head.header("none"), "");
  EXPECT_EQ(find_field(head.fields, "empty"), "");
  EXPECT_EQ(find_field(head.fields, "none"), std::nullopt);
  EXPECT_EQ(join_fields(head.fields, "x-one"), "1, 2");
}

TEST(Fields, ListsMayHoldQuotedCommasAndEmptyElements) {
  EXPECT_THAT(list_elements(" \"a,b\" ,, c,"), testing::ElementsAre("\"a,b\"", "c"));
}

TEST(Listing, IsSortedEscapedAndLinked) {
  const Response page = listing_page(
      "/mirror1_files/<x>", {{"b&.txt", false, 1536, 784111777}, {"a dir", true, 0, 0}}, true);
  EXPECT_EQ(find_field(page.headers, "Content-Type"), "text/html; charset=utf-8");
  const auto& text = std::get<std::string>(page.body);
  EXPECT_THAT(text, HasSubstr("/mirror1_files/&lt;x&gt;"));
  EXPECT_THAT(text, HasSubstr("<a href=\"../\">"));
  EXPECT_THAT(text, HasSubstr("<a href=\"a%20dir/\">a dir/</a>"));
  EXPECT_THAT(text, HasSubstr("<a href=\"b%26.txt\">b&amp;.txt</a>"));
  EXPECT_THAT(text, HasSubstr("1.5 KiB"));
  EXPECT_THAT(text, HasSubstr("Sun, 06 Nov 1994 08:49:37 GMT"));
  EXPECT_LT(text.find("a%20dir"), text.find("b%26"));
}

TEST(Listing, NonAsciiNames) {
  const Response page = listing_page("/", {{"été", false, 0, 0}, {"caf\xE9", false, 0, 0}}, false);
  const auto& text = std::get<std::string>(page.body);
  EXPECT_THAT(text, HasSubstr("<a href=\"%C3%A9t%C3%A9\">été</a>"));
  EXPECT_THAT(text, HasSubstr("<a href=\"caf%E9\">café</a>"));
  EXPECT_THAT(text, Not(HasSubstr("../")));
}

}  // namespace
}  // namespace pulse2::http
