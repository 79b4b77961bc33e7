#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "api/package_view.hpp"
#include "net/file_tree.hpp"

namespace pulse2::api {

/// A mirror's `<mount point>_files`: the tree below its src, with the MD5SUMS of a read-only tree
/// from memory, and without files kept open that a change of the packages replaced.
class MirrorFiles final : public net::Handler {
 public:
  /// `prefix`: the route's path. `tree` serves the src on the disk.
  MirrorFiles(PackageView packages, std::string prefix, std::unique_ptr<net::FileTree> tree);

  [[nodiscard]] const net::Rules& rules(const http::RequestHead& head,
                                        const net::Peer& peer) const override;
  [[nodiscard]] std::optional<http::Response> respond_at_once(const net::Request& request) override;
  [[nodiscard]] boost::asio::awaitable<http::Response> respond(
      const net::Request& request) override;

 private:
  /// What the snapshot has in place of a file.
  [[nodiscard]] std::optional<http::Response> from_memory(const net::Request& request);

  PackageView m_packages;
  std::string m_prefix;
  std::unique_ptr<net::FileTree> m_tree;
  std::atomic<std::uint64_t> m_generation{0};  ///< of the snapshot that the last request saw
};

}  // namespace pulse2::api
