#include "api/answer_body.hpp"

#include <memory>
#include <utility>

#include "catalog/gzip.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::api {
namespace {

/// Below this many bytes an answer fits one packet anyway.
constexpr std::size_t k_least_to_compress = 1400;

using Buffer = std::shared_ptr<const std::string>;
using Piece = std::shared_ptr<const catalog::DeflatedPiece>;

http::Response xml_response(http::Body body, bool gzip) {
  http::Response response;
  response.headers.push_back({"Content-Type", "text/xml"});
  response.headers.push_back({"Vary", "Accept-Encoding"});
  if (gzip) response.headers.push_back({"Content-Encoding", "gzip"});
  response.body = std::move(body);
  return response;
}

/// What stands around the packages of a list or around one package; the same in every answer.
struct Frame {
  explicit Frame(std::string_view text)
      : plain(std::make_shared<const std::string>(text)),
        deflated(std::make_shared<const catalog::DeflatedPiece>(catalog::deflate_piece(text))) {}
  Buffer plain;
  Piece deflated;
};

struct Frames {
  Frame before;
  Frame after;
};

const Frames& list_frames() {
  static const Frames k_frames{
      Frame(std::string(xmlrpc::k_response_prefix) + std::string(xmlrpc::k_array_prefix)),
      Frame(std::string(xmlrpc::k_array_suffix) + std::string(xmlrpc::k_response_suffix))};
  return k_frames;
}

const Frames& single_frames() {
  static const Frames k_frames{Frame(xmlrpc::k_response_prefix), Frame(xmlrpc::k_response_suffix)};
  return k_frames;
}

/// An entry's fragment may be missing its compressed form; it is then made here.
void add_fragment(catalog::GzipJoiner& joiner, const catalog::Entry& entry) {
  if (entry.deflated_fragment) {
    joiner.add(entry.deflated_fragment);
  } else {
    joiner.add_plain(*entry.fragment);
  }
}

http::Response gzip_response(const Frames& frames, const PackageList& packages) {
  catalog::GzipJoiner joiner;
  joiner.add(frames.before.deflated);
  for (const auto& entry : packages)
    add_fragment(joiner, *entry);
  joiner.add(frames.after.deflated);
  return xml_response(http::SharedBody{joiner.finish()}, true);
}

http::Response plain_response(const Frames& frames, const PackageList& packages) {
  http::SharedBody body;
  body.buffers.reserve(packages.size() + 2);
  body.buffers.push_back(frames.before.plain);
  for (const auto& entry : packages)
    body.buffers.push_back(entry->fragment);
  body.buffers.push_back(frames.after.plain);
  return xml_response(std::move(body), false);
}

http::Response framed(const Frames& frames, const PackageList& packages, bool gzip) {
  std::size_t size = 0;
  for (const auto& entry : packages)
    size += entry->fragment->size();
  return gzip && size >= k_least_to_compress ? gzip_response(frames, packages)
                                             : plain_response(frames, packages);
}

}  // namespace

http::Response to_response(std::string document, bool gzip) {
  if (!gzip || document.size() < k_least_to_compress) {
    return xml_response(std::move(document), false);
  }
  catalog::GzipJoiner joiner;
  joiner.add_plain(document);
  return xml_response(http::SharedBody{joiner.finish()}, true);
}

http::Response to_response(const Answer& answer, bool gzip) {
  if (const auto* list = std::get_if<PackageList>(&answer)) {
    return framed(list_frames(), *list, gzip);
  }
  if (const auto* one = std::get_if<OnePackage>(&answer)) {
    return framed(single_frames(), {*one}, gzip);
  }
  return to_response(xmlrpc::encode_response(std::get<xmlrpc::Value>(answer)), gzip);
}

}  // namespace pulse2::api
