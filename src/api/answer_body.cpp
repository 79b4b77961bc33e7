#include "api/answer_body.hpp"

#include <memory>
#include <utility>

#include "catalog/gzip.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::api {
namespace {

http::Response xml_response(http::Body body, bool gzip) {
  http::Response response;
  response.headers.reserve(3);
  response.headers.push_back({"Content-Type", "text/xml"});
  response.headers.push_back({"Vary", "Accept-Encoding"});
  if (gzip) response.headers.push_back({"Content-Encoding", "gzip"});
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
