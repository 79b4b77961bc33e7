#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "net/client_table.hpp"
#include "net/limits.hpp"
#include "net/occasional.hpp"
#include "net/pacer.hpp"

namespace pulse2::net {

class Worker;

/// What the threads of one server share.
struct ServerState {
  std::vector<Worker*> workers;             ///< constant while the server runs
  std::atomic<std::size_t> connections{0};  ///< without those that are refused
  ClientTable clients;
  Pacer downloads;
  // The rates in force: a change counts for downloads that run, too.
  std::atomic<std::uint64_t> download_rate{0};
  std::atomic<std::uint64_t> download_rate_per_client{0};
  // For the log.
  Occasional refused_full;
  Occasional refused_client;
  Occasional out_of_descriptors;

  void set_rates(const Limits& limits) noexcept {
    download_rate.store(limits.download_rate, std::memory_order_relaxed);
    download_rate_per_client.store(limits.download_rate_per_client, std::memory_order_relaxed);
  }
};

/// One of the connections that a worker has, or is about to get.
class Share {
 public:
  /// The count outlives the share.
  explicit Share(std::atomic<std::size_t>& count) noexcept : m_count(&count) {
    m_count->fetch_add(1, std::memory_order_relaxed);
  }
  Share(Share&& other) noexcept : m_count(std::exchange(other.m_count, nullptr)) {}
  Share& operator=(Share&&) = delete;
  ~Share() {
    if (m_count != nullptr) m_count->fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  std::atomic<std::size_t>* m_count;
};

/// A connection's place among those of the server and of its client, given back at its end.
class Place {
 public:
  /// None: of a connection that is refused.
  Place() noexcept = default;
  /// `client`: entered, or null for none. The state outlives the place.
  Place(ServerState& state, Client* client) noexcept
      : m_state(client == nullptr ? nullptr : &state), m_client(client) {
    if (m_state != nullptr) m_state->connections.fetch_add(1, std::memory_order_relaxed);
  }
  Place(Place&& other) noexcept
      : m_state(std::exchange(other.m_state, nullptr)), m_client(other.m_client) {}
  Place& operator=(Place&&) = delete;
  ~Place() {
    if (m_state == nullptr) return;
    m_state->connections.fetch_sub(1, std::memory_order_relaxed);
    m_state->clients.leave(*m_client,
                           m_state->download_rate_per_client.load(std::memory_order_relaxed),
                           std::chrono::steady_clock::now());
  }

  /// Null for none.
  [[nodiscard]] Client* client() const noexcept { return m_state == nullptr ? nullptr : m_client; }

 private:
  ServerState* m_state = nullptr;
  Client* m_client = nullptr;
};

}  // namespace pulse2::net
