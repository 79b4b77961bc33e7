#include "imaging/outbox.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <set>
#include <utility>

#include "imaging/former_queue.hpp"
#include "log/log.hpp"
#include "os/pool_task.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::imaging {

namespace asio = boost::asio;
using base::ErrorKind;
using base::Expected;

namespace {

constexpr auto k_no_throw = asio::as_tuple(asio::use_awaitable);
/// More waiting calls than this mean that nobody will read them any more.
constexpr std::size_t k_most_calls = 1'000'000;

/// The agent can't have seen the call, and would not see another one either.
bool is_away(const base::Error& error) {
  return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::permission_denied ||
         error.kind == ErrorKind::cancelled;
}

}  // namespace

/// A call on its way from its caller to its first attempt.
struct Outbox::Ticket {
  Ticket(const asio::any_io_executor& executor, WaitingCall the_call, xmlrpc::Array the_params)
      : call(std::move(the_call)),
        params(std::move(the_params)),
        turn(executor, asio::steady_timer::time_point::max()) {}

  WaitingCall call;
  xmlrpc::Array params;
  asio::steady_timer turn;  ///< cancelled when calls before it in its lane were tried
  Expected<void> written;
  Expected<std::optional<xmlrpc::Response>> outcome;
};

Outbox::Outbox(asio::any_io_executor executor, Options options, Agent& agent, os::ThreadPool& pool,
               const os::Clock& clock)
    : m_executor(std::move(executor)),
      m_options(std::move(options)),
      m_agent(agent),
      m_pool(pool),
      m_clock(clock),
      m_journal(m_executor, pool, [this](const auto& changes) { return m_store->apply(changes); }),
      m_sleep(m_executor) {}

Outbox::~Outbox() = default;

Expected<void> Outbox::load() {
  auto store = CallStore::open(m_options.file);
  if (!store) return tl::unexpected(std::move(store).error());
  m_store = *std::move(store);
  auto calls = m_store->all();
  if (!calls) return tl::unexpected(std::move(calls).error());
  for (WaitingCall& call : *calls) {
    m_last_id = std::max(m_last_id, call.id);
    m_queue.add(std::move(call));
  }
  if (m_queue.size() > 0) {
    log::info("imaging.replay.loaded", "{} calls wait to be made again", m_queue.size());
  }
  return {};
}

std::chrono::milliseconds Outbox::now() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(m_clock.now().time_since_epoch());
}

Expected<Outbox::TicketPointer> Outbox::admit(std::string method, xmlrpc::Array params) {
  if (m_queue.size() >= k_most_calls) {
    return base::fail(ErrorKind::limit_exceeded, "too many calls to the MMC agent wait already");
  }
  WaitingCall call{++m_last_id, now(), lane_of(params), std::move(method)};
  auto ticket = std::make_shared<Ticket>(m_executor, std::move(call), std::move(params));
  m_lanes[ticket->call.lane].push_back(ticket);
  return ticket;
}

Awaitable<void> Outbox::write(TicketPointer ticket) {
  AddedCall added{ticket->call, xmlrpc::encode_call(ticket->call.method, ticket->params)};
  ticket->written = co_await m_journal.make(std::move(added));
  if (ticket->written) co_return;
  log::error("imaging.replay.not_written", "{} can't be kept: {}", ticket->call.method,
             ticket->written.error().for_operator());
}

Awaitable<Expected<std::optional<xmlrpc::Response>>> Outbox::send(std::string method,
                                                                  xmlrpc::Array params) {
  auto ticket = admit(std::move(method), std::move(params));
  if (!ticket) co_return tl::unexpected(std::move(ticket).error());
  co_await write(*ticket);
  co_await try_first(*ticket);
  co_return std::move((*ticket)->outcome);
}

Awaitable<Expected<void>> Outbox::post(std::string method, xmlrpc::Array params) {
  auto ticket = admit(std::move(method), std::move(params));
  if (!ticket) co_return tl::unexpected(std::move(ticket).error());
  co_await write(*ticket);
  if ((*ticket)->written) {
    asio::co_spawn(m_executor, try_first(*ticket), asio::detached);
    co_return Expected<void>{};
  }
  co_await try_first(*ticket);
  if (!(*ticket)->outcome) co_return tl::unexpected((*ticket)->outcome.error());
  co_return Expected<void>{};
}

Awaitable<void> Outbox::await_turn(TicketPointer ticket) {
  while (m_lanes[ticket->call.lane].front() != ticket)
    co_await ticket->turn.async_wait(k_no_throw);
}

void Outbox::end_turn(const TicketPointer& ticket) {
  const auto lane = m_lanes.find(ticket->call.lane);
  lane->second.pop_front();
  if (lane->second.empty()) {
    m_lanes.erase(lane);
  } else {
    lane->second.front()->turn.cancel();
  }
}

Awaitable<void> Outbox::try_first(TicketPointer ticket) {
  co_await await_turn(ticket);
  // Nothing overtakes what waits already.
  const bool is_held_up = m_queue.holds(ticket->call.lane);
  if (is_held_up && ticket->written) {
    m_queue.add(ticket->call);
  } else if (is_held_up) {
    ticket->outcome = tl::unexpected(ticket->written.error());
  } else {
    co_await make_call(ticket);
  }
  end_turn(ticket);
}

Awaitable<void> Outbox::make_call(TicketPointer ticket) {
  auto answer = co_await m_agent.call(ticket->call.method, ticket->params);
  if (answer) {
    if (ticket->written) co_await forget(ticket->call.id);
    log::debug("imaging.agent.answered", "{}: {}", ticket->call.method, describe_answer(*answer));
    ticket->outcome = std::optional<xmlrpc::Response>(*std::move(answer));
  } else if (ticket->written) {
    log::warning("imaging.replay.queued", "{} for {} is made again later: {}", ticket->call.method,
                 ticket->call.lane, answer.error().for_operator());
    m_queue.add(ticket->call);
  } else {
    ticket->outcome = tl::unexpected(ticket->written.error());
  }
}

Awaitable<void> Outbox::forget(std::int64_t id) {
  const auto removed = co_await m_journal.make(RemovedCall{id});
  if (removed) co_return;
  log::error("imaging.replay.not_removed",
             "a call that the MMC agent answered may be made again after a restart: {}",
             removed.error().for_operator());
}

Awaitable<void> Outbox::run_rounds() {
  while (!m_stopping) {
    const auto began = m_clock.steady();
    co_await drop_expired();
    co_await run_round();
    co_await sleep_until(began + m_options.round);
  }
}

Awaitable<void> Outbox::run_round() {
  std::set<std::string> passed_over;
  for (int made = 0; made < m_options.count && !m_stopping; ++made) {
    if (m_queue.next(passed_over) == nullptr) co_return;
    co_await sleep_until(m_clock.steady() + m_options.interval);
    const WaitingCall* next = m_queue.next(passed_over);
    if (next == nullptr || m_stopping) co_return;
    const WaitingCall call = *next;
    const Attempt attempt = co_await try_again(call);
    if (attempt == Attempt::agent_away) co_return;
    if (attempt == Attempt::unanswered) passed_over.insert(call.lane);
  }
}

Awaitable<Outbox::Attempt> Outbox::try_again(WaitingCall call) {
  auto params = co_await os::run_on(m_pool, [this, &call] { return m_store->params_of(call.id); });
  if (!params) {
    log::error("imaging.replay.unreadable", "{} for {} is passed over: {}", call.method, call.lane,
               params.error().for_operator());
    co_return Attempt::unanswered;
  }
  const auto answer = co_await m_agent.call(call.method, *std::move(params));
  if (!answer) {
    log::info("imaging.replay.unanswered", "{} for {} stays queued: {}", call.method, call.lane,
              answer.error().for_operator());
    if (is_away(answer.error())) co_return Attempt::agent_away;
    co_return Attempt::unanswered;
  }
  // On disk first: once answered, it is never made again.
  co_await forget(call.id);
  m_queue.remove(call.id);
  log::info("imaging.replay.sent", "{} for {}: the agent answered {}; {} calls wait", call.method,
            call.lane, describe_answer(*answer), m_queue.size());
  co_return Attempt::answered;
}

Awaitable<void> Outbox::drop_expired() {
  for (const WaitingCall& call : m_queue.expired(now())) {
    log::warning("imaging.replay.dropped", "{} for {} is dropped: unanswered for 7 days",
                 call.method, call.lane);
    co_await forget(call.id);
    m_queue.remove(call.id);
  }
}

Awaitable<void> Outbox::sleep_until(std::chrono::steady_clock::time_point time) {
  if (m_stopping) co_return;
  m_sleep.expires_at(time);
  co_await m_sleep.async_wait(k_no_throw);
}

void Outbox::stop() {
  m_stopping = true;
  m_sleep.cancel();
}

}  // namespace pulse2::imaging
