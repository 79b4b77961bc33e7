#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <string>
#include <string_view>

#include "net/body_store.hpp"
#include "net/channel.hpp"
#include "net/head_parser.hpp"
#include "net/site.hpp"

namespace pulse2::net {

class Worker;

/// One client: reads requests, has them answered and sends the answers, one after the other. What
/// an idle connection holds is kept small: request and answer live in exchange() only.
class Connection : public boost::intrusive::list_base_hook<
                       boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Connection(Worker& worker, boost::asio::ip::tcp::socket socket, Peer peer);

  /// Until either end closes.
  boost::asio::awaitable<void> run();

  [[nodiscard]] Channel& channel() noexcept { return m_channel; }
  /// Between two requests: may be ended without harm.
  [[nodiscard]] bool is_idle() const noexcept { return m_idle; }

 private:
  struct Exchange;

  boost::asio::awaitable<bool> handshake();
  /// Waits for the first byte of the next request.
  boost::asio::awaitable<bool> wait_for_request();
  /// One request and its answer; false when the connection ends.
  boost::asio::awaitable<bool> exchange();
  boost::asio::awaitable<bool> read_head(Exchange& exchange);
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
  Channel m_channel;
  Peer m_peer;
  std::string m_input;  ///< bytes read that belong to what comes next
  bool m_idle = false;
};

}  // namespace pulse2::net
