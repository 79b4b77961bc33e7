#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace pulse2::log {

/// What happened to one request. Texts are as the client sent them.
struct AccessRecord {
  std::string_view client;  ///< its address
  std::string_view user;    ///< who it proved to be; empty: nobody
  std::string_view method;  ///< empty: the request was not understood
  std::string_view target;  ///< path and query, or a whole URL
  int version = 11;         ///< 10 or 11
  int status = 0;
  std::uint64_t bytes = 0;  ///< of the body, that were sent
  bool complete = true;     ///< false: the connection broke before the end of the answer
  std::chrono::nanoseconds duration{};  ///< from the request's first byte to the answer's last
  std::string_view referer;
  std::string_view user_agent;
  std::chrono::system_clock::time_point time;
};

/// The line without line feed, in the combined format of Apache and nginx, times local. Passwords
/// in URLs are left out; what could end a field or a line is written \xHH.
[[nodiscard]] std::string access_line(const AccessRecord& record);

/// The same as a JSON object, with time (UTC) and duration in milliseconds.
[[nodiscard]] std::string access_json(const AccessRecord& record);

}  // namespace pulse2::log
