#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "http/request.hpp"
#include "http/response.hpp"
#include "net/channel.hpp"
#include "net/handler.hpp"
#include "net/head_parser.hpp"
#include "net/outgoing.hpp"
#include "net/site.hpp"

namespace pulse2::net {

/// One request with all that belongs to it, from its first byte to the last one of its answer.
struct Exchange {
  explicit Exchange(std::shared_ptr<const Site> current)
      : site(std::move(current)), parser(site->limits().head_bytes) {}

  /// What comes next.
  enum class Stage {
    head,    ///< the head is not complete
    answer,  ///< the handler has to answer
    send,    ///< the response is there
  };

  /// Whether bytes of a body follow the head.
  [[nodiscard]] bool announces_body() const {
    return head.chunked || head.content_length.value_or(0) > 0;
  }
  void set_response(http::Response answer) {
    response = std::move(answer);
    stage = Stage::send;
  }
  /// The last answer of the connection.
  void set_last_response(http::Response answer) {
    set_response(std::move(answer));
    response.close = true;
  }

  const std::shared_ptr<const Site> site;
  Stage stage = Stage::head;
  HeadParser parser;
  const http::RequestHead& head = parser.head();
  Handler* handler = nullptr;    ///< the site's
  const Rules* rules = nullptr;  ///< the handler's
  http::Response response;
  std::optional<Outgoing> outgoing;  ///< of the response, once its head was rendered
  bool keep_alive = false;           ///< known with `outgoing`
  std::string_view user;             ///< who has proved it
  bool unread = false;               ///< the client may still be sending what nobody reads
  bool vanished = false;             ///< the client went away: nothing to send
  // Bytes since the connection last waited or let others have their turn.
  std::uint64_t received_in_turn = 0;
  std::uint64_t sent_in_turn = 0;
  std::chrono::steady_clock::time_point begin = std::chrono::steady_clock::now();
};

/// What a connection sends at once before others get their turn. Of what is encrypted less, so that
/// it is still in the processor's caches when the client takes it: with 8 MiB, 16 clients of one
/// large file took 10 % more processor time.
[[nodiscard]] inline std::uint64_t turn_of(const Channel& channel) noexcept {
  return channel.is_tls() ? 512U << 10U : 8U << 20U;
}
/// Of a file, in one system call.
inline constexpr std::uint64_t k_file_step = 1 << 20;

}  // namespace pulse2::net
