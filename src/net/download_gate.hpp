#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>

#include "net/channel.hpp"
#include "net/server_state.hpp"

namespace pulse2::net {

/// Lets the files of one answer out at the rates of the server and of its client. Costs two loads
/// a step while no rate is set. For one connection.
class DownloadGate {
 public:
  /// `client` null: of no client. State and client outlive the gate.
  DownloadGate(ServerState& state, Client* client) noexcept : m_state(state), m_client(client) {}
  DownloadGate(const DownloadGate&) = delete;
  DownloadGate& operator=(const DownloadGate&) = delete;
  /// Hands back what was allowed and not sent.
  ~DownloadGate();

  /// Whether a rate is set at this moment; else allow() need not be called.
  [[nodiscard]] bool is_limited() const noexcept {
    return m_state.download_rate.load(std::memory_order_relaxed) != 0 ||
           m_state.download_rate_per_client.load(std::memory_order_relaxed) != 0;
  }
  /// Waits until some of `wanted` (above 0) bytes may be sent; how many, 0 when the connection was
  /// broken off meanwhile.
  boost::asio::awaitable<std::uint64_t> allow(Channel& channel, std::uint64_t wanted);
  /// That many of the allowed bytes were sent.
  void spend(std::uint64_t bytes) noexcept { m_allowed -= bytes < m_allowed ? bytes : m_allowed; }

 private:
  /// Waits in one of the two lines; false when the connection was broken off.
  static boost::asio::awaitable<bool> stand_in_line(Channel& channel, Pacer& pacer,
                                                    const std::atomic<std::uint64_t>& rate,
                                                    std::uint64_t bytes);

  ServerState& m_state;
  Client* m_client;
  std::uint64_t m_allowed = 0;
};

}  // namespace pulse2::net
