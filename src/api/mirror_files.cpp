#include "api/mirror_files.hpp"

#include <utility>

#include "http/response.hpp"

namespace pulse2::api {

MirrorFiles::MirrorFiles(PackageView packages, std::string prefix,
                         std::unique_ptr<net::FileTree> tree)
    : m_packages(std::move(packages)), m_prefix(std::move(prefix)), m_tree(std::move(tree)) {}

std::vector<std::string_view> MirrorFiles::methods() const {
  return m_tree->methods();
}

net::Rules MirrorFiles::rules(const http::RequestHead& head, const net::Peer& peer) const {
  return m_tree->rules(head, peer);
}

boost::asio::awaitable<http::Response> MirrorFiles::respond(const net::Request& request) {
  const auto snapshot = m_packages.snapshot();
  if (m_generation.exchange(snapshot->generation()) != snapshot->generation()) {
    m_tree->forget_open_files();
  }
  const std::string_view path = request.head.path;
  if (path.size() > m_prefix.size() + 1) {
    const auto content =
        snapshot->find_in_memory(m_packages.src(), path.substr(m_prefix.size() + 1));
    if (content) {
      http::Response response;
      response.headers.push_back({"Content-Type", "text/plain"});
      response.body = http::SharedBody{{content}};
      co_return response;
    }
  }
  co_return co_await m_tree->respond(request);
}

}  // namespace pulse2::api
