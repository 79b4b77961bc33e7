#include "api/answer_body.hpp"

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "catalog/gzip.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::api {
namespace {

std::shared_ptr<const std::string> render_header_lines(bool gzip) {
  http::Fields fields{{"Content-Type", "text/xml"}, {"Vary", "Accept-Encoding"}};
  if (gzip) fields.push_back({"Content-Encoding", "gzip"});
  return std::make_shared<const std::string>(http::render_fields(fields));
}

http::Response xml_response(http::Body body, bool gzip) {
  // Of each thread, so that no count of theirs passes from one to the other.
  thread_local const std::array<std::shared_ptr<const std::string>, 2> k_lines{
      render_header_lines(false), render_header_lines(true)};
  http::Response response;
  response.shared_lines = k_lines[gzip ? 1 : 0];
  response.body = std::move(body);
  return response;
}

http::Response response_of(const OnePackage& package, bool gzip) {
  const auto& fragment = package->fragment;
  if (gzip && fragment->size() >= PackageList::k_least_to_compress) {
    catalog::GzipJoiner joiner;
    joiner.add_plain(xmlrpc::k_response_prefix);
    joiner.add({fragment, &fragment->deflated()});
    joiner.add_plain(xmlrpc::k_response_suffix);
    return xml_response(http::SharedBody{joiner.finish()}, true);
  }
  std::string text;
  text.reserve(fragment->size() + 256);
  text += xmlrpc::k_response_prefix;
  fragment->append_to(text);
  text += xmlrpc::k_response_suffix;
  return xml_response(std::move(text), false);
}

}  // namespace

http::Response to_response(std::string document, bool gzip) {
  if (!gzip || document.size() < PackageList::k_least_to_compress) {
    return xml_response(std::move(document), false);
  }
  catalog::GzipJoiner joiner;
  joiner.add_plain(document);
  return xml_response(http::SharedBody{joiner.finish()}, true);
}

std::optional<http::Response> to_response_at_once(const Answer& answer, bool gzip) {
  if (const auto* one = std::get_if<OnePackage>(&answer)) return response_of(*one, gzip);
  if (const auto* list = std::get_if<PackageListPointer>(&answer)) {
    const bool is_compressed = gzip && (*list)->is_worth_compressing();
    auto body = (*list)->body_at_once(is_compressed);
    if (!body) return std::nullopt;
    return xml_response(std::move(*body), is_compressed);
  }
  return to_response(xmlrpc::encode_response(std::get<xmlrpc::Value>(answer)), gzip);
}

http::Response to_response(const Answer& answer, bool gzip) {
  if (auto response = to_response_at_once(answer, gzip)) return std::move(*response);
  const auto& list = *std::get<PackageListPointer>(answer);
  const bool is_compressed = gzip && list.is_worth_compressing();
  return xml_response(list.body(is_compressed), is_compressed);
}

}  // namespace pulse2::api
