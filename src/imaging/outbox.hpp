#pragma once

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "imaging/agent.hpp"
#include "imaging/call_journal.hpp"
#include "imaging/call_store.hpp"
#include "imaging/replay_queue.hpp"
#include "os/clock.hpp"
#include "os/thread_pool.hpp"

namespace pulse2::imaging {

/// Calls to the agent that must not be lost: each is on disk before it is made and goes from there
/// when the agent answered it, whatever the answer. Unanswered ones are made again in rounds. Calls
/// about one computer reach the agent in the order in which they were made. Belongs to the imaging
/// thread.
class Outbox {
 public:
  struct Options {
    std::string file;                  ///< option rpc_replay_file
    int count = 10;                    ///< option rpc_count: calls in a round
    std::chrono::seconds round{60};    ///< option rpc_loop_timer: from one round to the next
    std::chrono::seconds interval{2};  ///< option rpc_interval: before each call of a round
  };

  /// All outlive the outbox.
  Outbox(boost::asio::any_io_executor executor, Options options, Agent& agent, os::ThreadPool& pool,
         const os::Clock& clock);
  ~Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// Opens the file. Before anything else.
  [[nodiscard]] base::Expected<void> load();

  /// Makes the call and awaits its answer; nothing when it waits to be made again. Error: it could
  /// neither be written to the disk nor made.
  [[nodiscard]] Awaitable<base::Expected<std::optional<xmlrpc::Response>>> send(
      std::string method, xmlrpc::Array params);

  /// Returns when the call is on disk and makes it then. Error as above.
  [[nodiscard]] Awaitable<base::Expected<void>> post(std::string method, xmlrpc::Array params);

  /// Rounds, until stop().
  [[nodiscard]] Awaitable<void> run_rounds();
  void stop();

 private:
  struct Ticket;
  using TicketPointer = std::shared_ptr<Ticket>;
  /// What became of a call within a round.
  enum class Attempt { answered, unanswered, agent_away };

  [[nodiscard]] base::Expected<TicketPointer> admit(std::string method, xmlrpc::Array params);
  [[nodiscard]] Awaitable<void> write(TicketPointer ticket);
  [[nodiscard]] Awaitable<void> try_first(TicketPointer ticket);
  [[nodiscard]] Awaitable<void> await_turn(TicketPointer ticket);
  void end_turn(const TicketPointer& ticket);
  [[nodiscard]] Awaitable<void> make_call(TicketPointer ticket);
  [[nodiscard]] Awaitable<void> forget(std::int64_t id);
  [[nodiscard]] Awaitable<void> run_round();
  [[nodiscard]] Awaitable<Attempt> try_again(WaitingCall call);
  [[nodiscard]] Awaitable<void> drop_expired();
  [[nodiscard]] Awaitable<void> sleep_until(std::chrono::steady_clock::time_point time);
  [[nodiscard]] std::chrono::milliseconds now() const;

  boost::asio::any_io_executor m_executor;
  Options m_options;
  Agent& m_agent;
  os::ThreadPool& m_pool;
  const os::Clock& m_clock;
  std::unique_ptr<CallStore> m_store;
  CallJournal m_journal;
  ReplayQueue m_queue;
  std::int64_t m_last_id = 0;
  std::unordered_map<std::string, std::deque<TicketPointer>> m_lanes;  ///< tried for the first time
  boost::asio::steady_timer m_sleep;
  bool m_stopping = false;
};

}  // namespace pulse2::imaging
