#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "http/response.hpp"
#include "net/channel.hpp"
#include "net/download_gate.hpp"

namespace pulse2::net {

struct SendResult {
  bool complete = false;    ///< false: broken off, the connection has to end
  std::uint64_t bytes = 0;  ///< of the body
};

/// Sends a rendered head and, when `with_body`, the body. Files go out by sendfile without passing
/// through memory; a file that became shorter breaks the answer off, it is never padded. After
/// every 8 MiB other connections of the thread get their turn. `gate` holds files to their rates.
/// The arguments outlive the call.
boost::asio::awaitable<SendResult> send_response(Channel& channel, DownloadGate& gate,
                                                 std::string_view head,
                                                 const http::Response& response, bool with_body,
                                                 std::chrono::seconds idle);

}  // namespace pulse2::net
