#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "net/handler.hpp"
#include "net/occasional.hpp"

namespace pulse2::net {

struct OpenFile;

/// Serves the files and folders below a root: GET and HEAD, ranges, conditional requests, folder
/// pages, a redirect for a folder without its slash. Paths never leave the root, whatever links
/// stand in it, except into `follow_links_to`.
class FileTree : public Handler {
 public:
  /// `root`: absolute folder, opened anew as files are asked for, so it may be replaced.
  /// `prefix`: the route's path ("/mirror1_files").
  /// `follow_links_to`: folders that symbolic links may point into.
  FileTree(std::string root, std::string prefix, std::vector<std::string> follow_links_to = {});
  ~FileTree() override;

  /// Names that are neither served nor listed, in any folder (staging areas). Before first use.
  void hide(std::vector<std::string> names);
  /// Behind credentials ([http] authenticate = all). Before first use.
  void set_authenticate(bool authenticate) { m_rules.authenticate = authenticate; }
  /// Files kept open are looked up again: to be called when the tree changed.
  void forget_open_files() { m_generation.fetch_add(1, std::memory_order_release); }

  [[nodiscard]] const Rules& rules(const http::RequestHead& head, const Peer& peer) const override;
  [[nodiscard]] std::optional<http::Response> respond_at_once(const Request& request) override;
  [[nodiscard]] boost::asio::awaitable<http::Response> respond(const Request& request) override;

 private:
  /// What is answered at once, or the folder that has to be listed.
  struct Answer {
    http::Response response;
    std::shared_ptr<const OpenFile> folder = nullptr;
    std::string relative = {};  ///< path of the folder below the root
  };

  [[nodiscard]] Answer answer(const Request& request) const;
  /// Error `limit_exceeded` when no descriptor is left; any other one means that there is nothing.
  [[nodiscard]] base::Expected<std::shared_ptr<const OpenFile>> open(
      std::string_view relative) const;
  [[nodiscard]] base::Expected<std::shared_ptr<OpenFile>> open_anew(
      std::string_view relative) const;
  [[nodiscard]] http::Response serve_file(const http::RequestHead& head,
                                          const std::shared_ptr<const OpenFile>& file) const;
  /// Lets other connections of the thread take their turns meanwhile.
  [[nodiscard]] boost::asio::awaitable<http::Response> list_folder(const Request& request,
                                                                   const Answer& answer) const;
  [[nodiscard]] bool is_hidden(std::string_view relative) const;

  std::string m_root;
  std::string m_prefix;
  std::vector<std::string> m_follow_links_to;
  std::vector<std::string> m_hidden{".pulse2-staging"};
  Rules m_rules;
  // For the log.
  mutable Occasional m_refused;
  mutable Occasional m_unavailable;
  std::atomic<std::uint64_t> m_generation;  ///< unique among all trees of the process
};

}  // namespace pulse2::net
