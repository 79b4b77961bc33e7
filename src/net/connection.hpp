#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "net/body_store.hpp"
#include "net/channel.hpp"
#include "net/head_parser.hpp"
#include "net/server_state.hpp"
#include "net/site.hpp"

namespace pulse2::net {

class Worker;

/// Why a connection gets nothing but 503.
enum class Refusal { none, server_full, client_full };

/// One client: reads requests, has them answered and sends the answers, one after the other. What
/// an idle connection holds is kept small: request and answer live in exchange() only.
class Connection : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// A connection that is refused has no place.
  Connection(Worker& worker, boost::asio::ip::tcp::socket socket, Peer peer, Place place,
             Refusal refusal);

  /// Until either end closes.
  boost::asio::awaitable<void> run();

  [[nodiscard]] Channel& channel() noexcept { return m_channel; }
  [[nodiscard]] bool is_refused() const noexcept { return m_refusal != Refusal::none; }
  /// When it became idle, as Worker::tick() counts.
  [[nodiscard]] unsigned idle_since() const noexcept { return m_idle_since; }

 private:
  struct Exchange;

  boost::asio::awaitable<bool> handshake();
  /// Reads a request and answers 503.
  boost::asio::awaitable<void> refuse();
  /// Waits for the first byte of the next request.
  boost::asio::awaitable<bool> wait_for_request();
  /// One request and its answer; false when the connection ends.
  boost::asio::awaitable<bool> exchange();
  /// `time`: in which the head has to be complete.
  boost::asio::awaitable<bool> read_head(Exchange& exchange, std::chrono::seconds time);
  /// Between two requests: may be ended without harm.
  void become_idle();
  /// Decides what can be decided before the body: true to go on.
  bool admit(Exchange& exchange);
  boost::asio::awaitable<void> respond(Exchange& exchange);
  boost::asio::awaitable<base::Expected<std::string_view>> read_body(Exchange& exchange,
                                                                     BodyStore& store);
  boost::asio::awaitable<bool> send_continue(const Exchange& exchange);
  boost::asio::awaitable<bool> send(Exchange& exchange);
  /// Reads and drops what the client still sends, so that it gets to see the answer.
  boost::asio::awaitable<void> linger();
  /// The next bytes: what an earlier read left over, or new ones. Empty at the end. Valid until
  /// the next co_await.
  boost::asio::awaitable<std::string_view> next_bytes(std::chrono::seconds idle);

  Worker& m_worker;
  Place m_place;
  Channel m_channel;
  Peer m_peer;
  std::string m_input;  ///< bytes read that belong to what comes next
  Refusal m_refusal;
  unsigned m_idle_since = 0;
};

}  // namespace pulse2::net
