#include "net/download_gate.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>

namespace pulse2::net {

namespace asio = boost::asio;

namespace {

/// Between two looks at whether the rate has changed or the connection was broken off.
constexpr std::chrono::milliseconds k_longest_nap{250};

/// Bytes to buy at once: the portion of the lower rate.
std::uint64_t portion_of(std::uint64_t rate, std::uint64_t other) {
  constexpr auto k_none = std::numeric_limits<std::uint64_t>::max();
  return Pacer::portion(std::min(rate == 0 ? k_none : rate, other == 0 ? k_none : other));
}

}  // namespace

DownloadGate::~DownloadGate() {
  if (m_allowed == 0) return;
  m_state.downloads.give_back(m_allowed);
  if (m_client != nullptr) m_client->downloads.give_back(m_allowed);
}

asio::awaitable<bool> DownloadGate::stand_in_line(Channel& channel, Pacer& pacer,
                                                  const std::atomic<std::uint64_t>& rate,
                                                  std::uint64_t bytes) {
  auto current = rate.load(std::memory_order_relaxed);
  if (current == 0) co_return true;
  const auto place = pacer.buy(bytes, current, Channel::Clock::now());
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (!channel.aborted()) {
    current = rate.load(std::memory_order_relaxed);
    if (current == 0) co_return true;
    const auto left = pacer.due_in(place, current, Channel::Clock::now());
    if (left == Pacer::Duration::zero()) co_return true;
    timer.expires_after(std::min<Pacer::Duration>(left, k_longest_nap));
    co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  }
  pacer.give_back(bytes);
  co_return false;
}

asio::awaitable<std::uint64_t> DownloadGate::allow(Channel& channel, std::uint64_t wanted) {
  if (m_allowed == 0) {
    const auto total = m_state.download_rate.load(std::memory_order_relaxed);
    const auto own = m_state.download_rate_per_client.load(std::memory_order_relaxed);
    const auto bytes = std::min(wanted, portion_of(total, own));
    // The client's line first: what it must wait for there is nobody else's time.
    if (m_client != nullptr) {
      if (!(co_await stand_in_line(channel, m_client->downloads, m_state.download_rate_per_client,
                                   bytes))) {
        co_return 0;
      }
    }
    if (!(co_await stand_in_line(channel, m_state.downloads, m_state.download_rate, bytes))) {
      if (m_client != nullptr) m_client->downloads.give_back(bytes);
      co_return 0;
    }
    m_allowed = bytes;
  }
  co_return std::min(wanted, m_allowed);
}

}  // namespace pulse2::net
