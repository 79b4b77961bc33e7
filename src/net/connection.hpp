#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/body_store.hpp"
#include "net/channel.hpp"
#include "net/server_state.hpp"
#include "net/site.hpp"
#include "os/poller.hpp"

namespace pulse2::net {

class Worker;
struct Exchange;
class Outgoing;

/// Why a connection gets nothing but 503.
enum class Refusal { none, server_full, client_full };

/// One client: reads requests, has them answered and sends the answers, one after the other.
///
/// A request that came whole, whose answer needs no waiting and fits into the socket is served
/// within on_ready(), without a coroutine. As soon as something has to be waited for, the coroutine
/// run() takes over where that got to, until the connection rests again. What a resting connection
/// holds is kept small: request and answer live in m_exchange only.
class Connection final : public os::Poller::Listener,
                         public boost::intrusive::list_base_hook<
                             boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// How far it got without waiting.
  enum class Step {
    greet,  ///< the TLS handshake, or a refusal, comes first
    rest,   ///< nothing to do until the client sends something
    wait,   ///< within a request: run() has to go on with it
    yield,  ///< others should get their turn
    end,    ///< the connection has to be closed
  };

  /// A connection that is refused has no place. Throws std::runtime_error when the socket can't be
  /// watched.
  Connection(Worker& worker, Share share, os::UniqueFd socket, Peer peer, Place place,
             Refusal refusal);
  ~Connection() override;

  /// For a new connection.
  [[nodiscard]] Step first_step() const noexcept;
  /// The coroutine from `step` on; true when the connection rests, false when it has ended.
  boost::asio::awaitable<bool> run(Step step);
  /// Between two requests, or before the first: may be ended without harm.
  void become_idle();

  [[nodiscard]] Channel& channel() noexcept { return m_channel; }
  [[nodiscard]] bool is_refused() const noexcept { return m_refusal != Refusal::none; }
  /// Whether run() is under way: it owns the connection then, else its worker does.
  [[nodiscard]] bool is_running() const noexcept { return m_running; }
  void set_running(bool running) noexcept { m_running = running; }
  /// When it became idle, as Worker::tick() counts.
  [[nodiscard]] unsigned idle_since() const noexcept { return m_idle_since; }

 private:
  void on_ready(os::Poller::Readiness readiness) override;

  // Without waiting.
  /// Requests, as long as they come whole.
  Step serve_at_once();
  /// One; nullopt when the next may follow.
  std::optional<Step> exchange_at_once();
  /// What is left over, or came since. `state` says what else.
  IoResult bytes_at_hand(std::string_view& bytes);
  /// Feeds the parser; false when more is needed. `bytes` becomes what follows the head.
  bool take_head(std::string_view& bytes);
  /// Decides what can be decided before the body; a request that is refused has its response then.
  void admit();
  /// False when the answer has to be waited for, or the body (of which `bytes` are there).
  bool answer_at_once(std::string_view& bytes);
  /// The handler threw.
  void fail(std::string_view what);
  /// Renders the head of the answer.
  void begin_answer();
  /// What the socket takes; false when it is broken.
  bool send_at_once();
  /// After the answer: true when another request may follow.
  bool end_exchange(bool complete);

  // Waiting where it has to be.
  boost::asio::awaitable<bool> handshake();
  /// Reads a request and answers 503.
  boost::asio::awaitable<void> refuse();
  /// The rest of one request and its answer; false when the connection ends.
  boost::asio::awaitable<bool> exchange();
  /// `time`: in which the head has to be complete.
  boost::asio::awaitable<bool> read_head(std::chrono::seconds time);
  boost::asio::awaitable<void> respond();
  boost::asio::awaitable<base::Expected<std::string_view>> read_body(BodyStore& store);
  boost::asio::awaitable<bool> send_continue();
  /// True when another request may follow.
  boost::asio::awaitable<bool> send();
  /// False when it could not be sent to its end.
  boost::asio::awaitable<bool> send_rest(Outgoing& outgoing);
  /// Reads and drops what the client still sends, so that it gets to see the answer.
  boost::asio::awaitable<void> linger();
  /// The next bytes: what an earlier read left over, or new ones. Empty at the end. Valid until
  /// the next co_await.
  boost::asio::awaitable<std::string_view> next_bytes(std::chrono::seconds idle);

  Worker& m_worker;
  Share m_share;
  Place m_place;
  Channel m_channel;
  Peer m_peer;
  std::string m_input;  ///< bytes read that belong to what comes next
  std::unique_ptr<Exchange> m_exchange;
  unsigned m_idle_since = 0;
  Refusal m_refusal;
  bool m_running = false;
};

}  // namespace pulse2::net
