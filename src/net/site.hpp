#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/handler.hpp"
#include "net/limits.hpp"

namespace pulse2::net {

enum class Match {
  exact,                  ///< this path only
  exact_or_below,         ///< this path and `<path>/…`
  tree = exact_or_below,  ///< the same, said of a tree of files
};

/// A path and who answers it. The path is decoded, begins with '/' and does not end with one
/// (except "/" itself).
struct Route {
  std::string path;
  Match match = Match::exact_or_below;
  std::shared_ptr<Handler> handler;
};

/// What happened to one request, for the access log.
struct Access {
  const Peer& peer;
  std::string_view method;  ///< empty when the head was not understood
  std::string_view target;  ///< as sent: to be escaped before it is printed
  int version = 11;
  int status = 0;
  std::uint64_t bytes = 0;  ///< body bytes sent
  bool complete = true;     ///< false: the connection broke before the end of the answer
  std::chrono::nanoseconds duration{};
  std::string_view user_agent;
  std::string_view referer;
  std::string_view user;  ///< whose credentials it carried, when it was asked for them
};

struct SiteOptions {
  std::vector<Route> routes;
  std::string username;  ///< empty: nothing asks for credentials
  std::string password;
  std::string realm = "pulse2-package-server";
  Limits limits;
  /// Called by I/O threads, also at the same time; must not throw; may be empty.
  std::function<void(const Access&)> access_log;
};

/// Routes, credentials and limits. Immutable; a request keeps the site it began with.
class Site {
 public:
  explicit Site(SiteOptions options);

  /// The handler of the longest route that matches the decoded path; null when none does.
  /// Lives as long as the site.
  [[nodiscard]] Handler* find(std::string_view path) const;
  /// True when no credentials are set, or the Authorization header carries them. Takes the same
  /// time wherever the difference is.
  [[nodiscard]] bool authorized(const http::RequestHead& head) const;

  [[nodiscard]] const std::string& username() const noexcept { return m_options.username; }
  [[nodiscard]] const std::string& realm() const noexcept { return m_options.realm; }
  [[nodiscard]] const Limits& limits() const noexcept { return m_options.limits; }
  /// Whether log_access() does anything.
  [[nodiscard]] bool has_access_log() const noexcept { return m_options.access_log != nullptr; }
  void log_access(const Access& access) const;

 private:
  SiteOptions m_options;  ///< routes ordered by falling length
};

}  // namespace pulse2::net
