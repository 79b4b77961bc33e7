#include "api/mirror_files.hpp"

#include <utility>

#include "http/response.hpp"

namespace pulse2::api {

MirrorFiles::MirrorFiles(PackageView packages, std::string prefix,
                         std::unique_ptr<net::FileTree> tree)
    : m_packages(std::move(packages)), m_prefix(std::move(prefix)), m_tree(std::move(tree)) {}

const net::Rules& MirrorFiles::rules(const http::RequestHead& head, const net::Peer& peer) const {
  return m_tree->rules(head, peer);
}

std::optional<http::Response> MirrorFiles::respond_at_once(const net::Request& request) {
  auto response = from_memory(request);
  return response ? std::move(response) : m_tree->respond_at_once(request);
}

boost::asio::awaitable<http::Response> MirrorFiles::respond(const net::Request& request) {
  auto response = from_memory(request);
  if (response) co_return std::move(*response);
  co_return co_await m_tree->respond(request);
}

std::optional<http::Response> MirrorFiles::from_memory(const net::Request& request) {
  const auto snapshot = m_packages.snapshot();
  // Read first: writing each time would pass the cache line from thread to thread.
  const auto generation = snapshot->generation();
  if (m_generation != generation && m_generation.exchange(generation) != generation) {
    m_tree->forget_open_files();
  }
  const std::string_view path = request.head.path;
  if (path.size() <= m_prefix.size() + 1) return std::nullopt;
  const auto content = snapshot->find_in_memory(m_packages.src(), path.substr(m_prefix.size() + 1));
  if (!content) return std::nullopt;
  http::Response response;
  response.headers.push_back({"Content-Type", "text/plain"});
  response.body = http::SharedBody{{content}};
  return response;
}

}  // namespace pulse2::api
