#pragma once

#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "config/settings.hpp"

/// Short conversations with other machines; each wait has its limit of some seconds.
namespace pulse2::doctor {

/// Where an HTTP server is to be found.
struct Place {
  std::string host;
  std::uint16_t port = 0;
  bool tls = false;
  std::string identity;       ///< PEM file that is shown as ours, empty: none
  std::string authorization;  ///< value of the header, empty: none
};

/// The configured server itself, with what it asks clients for.
[[nodiscard]] Place own_place(const config::Settings& settings);

struct Reply {
  int status = 0;
  std::string body;
};

/// GETs `target`. Certificates are not verified: another probe looks at them. Errors: `unavailable`
/// without a connection, `io` for a broken answer or a body above `max` bytes.
[[nodiscard]] base::Expected<Reply> fetch(const Place& place, const std::string& target,
                                          std::size_t max);

/// Connects and, when `speaks_first`, reads the line by which the other side introduces itself.
[[nodiscard]] base::Expected<std::string> greet(const std::string& host, std::uint16_t port,
                                                bool speaks_first);

}  // namespace pulse2::doctor
