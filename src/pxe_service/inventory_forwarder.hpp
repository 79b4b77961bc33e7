#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/error.hpp"
#include "net/http_client.hpp"
#include "pxe_service/parcel_queue.hpp"

namespace pulse2::pxe_service {

struct ForwarderOptions {
  std::string host;                             ///< option inventory_host
  std::uint16_t port = 0;                       ///< option inventory_port
  bool tls = false;                             ///< option inventory_enablessl
  std::size_t queue_size = 0;                   ///< option inventory_queue_size, bytes
  std::chrono::milliseconds first_pause{1000};  ///< before an inventory is sent again
  std::chrono::milliseconds longest_pause{60'000};
};

/// What became of an inventory.
enum class Delivery {
  done,
  delayed,  ///< the first attempt failed; another one follows
  refused,  ///< at the first attempt: the server does not want it
};

/// POSTs inventories to the inventory server. While that is away they wait, within a bound of
/// memory, and one of them knocks from time to time. Belongs to the thread of its executor.
class InventoryForwarder {
 public:
  /// Told of each parcel with `is_told`, on the forwarder's thread.
  using Tell = std::function<void(const Parcel&, Delivery)>;

  InventoryForwarder(boost::asio::any_io_executor executor, ForwarderOptions options, Tell tell);
  InventoryForwarder(const InventoryForwarder&) = delete;
  InventoryForwarder& operator=(const InventoryForwarder&) = delete;

  void submit(Parcel parcel);
  /// Gives up what is under way and what waits. The forwarder stays until its executor has run dry.
  void stop();

 private:
  enum class Attempt { taken, refused, failed };

  /// Sends what may be sent now.
  void pump();
  [[nodiscard]] boost::asio::awaitable<void> send(Parcel parcel);
  [[nodiscard]] boost::asio::awaitable<Attempt> attempt(Parcel& parcel);
  void on_taken(const Parcel& parcel);
  void on_failed(Parcel parcel);
  void pause();
  void count_loss(std::size_t given_up);
  void tell(const Parcel& parcel, Delivery delivery) const;

  boost::asio::any_io_executor m_executor;
  ForwarderOptions m_options;
  Tell m_tell;
  std::unique_ptr<net::HttpClient> m_client;
  ParcelQueue m_queue;
  std::size_t m_under_way = 0;
  bool m_away = false;     ///< the last attempt failed: one at a time
  bool m_pausing = false;  ///< nothing is sent until the timer ends
  std::size_t m_lost = 0;  ///< given up since the server went away
  bool m_stopped = false;
  std::chrono::milliseconds m_next_pause;
  boost::asio::steady_timer m_timer;
};

}  // namespace pulse2::pxe_service
