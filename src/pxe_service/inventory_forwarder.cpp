#include "pxe_service/inventory_forwarder.hpp"

#include <algorithm>
#include <utility>

#include "log/log.hpp"
#include "pxe_service/spawn.hpp"

namespace pulse2::pxe_service {

namespace asio = boost::asio;

namespace {

/// Requests at the same time: inventory servers take their time for each.
constexpr std::size_t k_most_under_way = 4;
/// An inventory that the server answers with its own failure so often is given up.
constexpr int k_most_refusals = 10;
constexpr std::size_t k_longest_answer = 1U << 20U;
constexpr const char* k_target = "/";
constexpr const char* k_user_agent = "Pulse2 Imaging server inventory hook";

bool is_success(int status) {
  return status >= 200 && status < 300;
}

/// The server may take the same request another time.
bool is_temporary(int status) {
  constexpr int k_request_timeout = 408;
  constexpr int k_too_many_requests = 429;
  return status >= 500 || status == k_request_timeout || status == k_too_many_requests;
}

std::unique_ptr<net::HttpClient> make_client(const asio::any_io_executor& executor,
                                             const ForwarderOptions& options) {
  net::HttpClientOptions client;
  client.host = options.host;
  client.port = options.port;
  client.tls = options.tls;
  client.user_agent = k_user_agent;
  client.max_connections = k_most_under_way;
  client.max_answer = k_longest_answer;
  // Only PEM files could be wrong, and there are none.
  return net::HttpClient::create(executor, std::move(client)).value();
}

}  // namespace

InventoryForwarder::InventoryForwarder(asio::any_io_executor executor, ForwarderOptions options,
                                       Tell tell)
    : m_executor(std::move(executor)),
      m_options(std::move(options)),
      m_tell(std::move(tell)),
      m_client(make_client(m_executor, m_options)),
      m_queue(m_options.queue_size),
      m_next_pause(m_options.first_pause),
      m_timer(m_executor) {}

void InventoryForwarder::submit(Parcel parcel) {
  if (m_stopped) return;
  count_loss(m_queue.add(std::move(parcel)));
  pump();
}

void InventoryForwarder::stop() {
  m_stopped = true;
  m_timer.cancel();
  m_client->cancel();
  if (!m_queue.empty()) {
    log::warning("pxe.inventory.lost",
                 "{} inventories that waited for the inventory server are given up",
                 m_queue.count());
  }
}

void InventoryForwarder::pump() {
  const std::size_t most = m_away ? 1 : k_most_under_way;
  while (!m_stopped && !m_pausing && m_under_way < most) {
    auto parcel = m_queue.take();
    if (!parcel) return;
    ++m_under_way;
    spawn(m_executor, send(*std::move(parcel)));
  }
}

asio::awaitable<void> InventoryForwarder::send(Parcel parcel) {
  const Attempt outcome = co_await attempt(parcel);
  --m_under_way;
  if (m_stopped) co_return;
  switch (outcome) {
    case Attempt::taken:
      on_taken(parcel);
      break;
    case Attempt::refused:
      if (!parcel.was_delayed) tell(parcel, Delivery::refused);
      break;
    case Attempt::failed:
      on_failed(std::move(parcel));
      break;
  }
  pump();
}

asio::awaitable<InventoryForwarder::Attempt> InventoryForwarder::attempt(Parcel& parcel) {
  http::Fields fields = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const auto answer = co_await m_client->post(k_target, std::move(fields), parcel.document);
  if (m_stopped) co_return Attempt::failed;
  if (answer && is_success(answer->status)) {
    log::debug("pxe.inventory.sent", "the inventory of {} was taken", parcel.mac.text());
    co_return Attempt::taken;
  }
  const std::string reason =
      answer ? "HTTP status " + std::to_string(answer->status) : answer.error().for_operator();
  if (answer && (!is_temporary(answer->status) || ++parcel.refusals >= k_most_refusals)) {
    log::warning("pxe.inventory.refused", "the inventory server refuses the inventory of {}: {}",
                 parcel.mac.text(), reason);
    co_return Attempt::refused;
  }
  if (!std::exchange(m_away, true)) {
    log::warning("pxe.inventory.server_away",
                 "the inventory server takes no inventories, they are sent again later: {}",
                 reason);
  }
  co_return Attempt::failed;
}

void InventoryForwarder::on_taken(const Parcel& parcel) {
  m_next_pause = m_options.first_pause;
  if (std::exchange(m_away, false)) {
    log::info("pxe.inventory.server_back",
              "the inventory server is back; {} inventories wait, {} were given up",
              m_queue.count(), std::exchange(m_lost, 0));
  }
  tell(parcel, Delivery::done);
}

void InventoryForwarder::on_failed(Parcel parcel) {
  if (!std::exchange(parcel.was_delayed, true)) tell(parcel, Delivery::delayed);
  count_loss(m_queue.put_back(std::move(parcel)));
  if (!m_pausing) pause();
}

void InventoryForwarder::pause() {
  m_pausing = true;
  m_timer.expires_after(m_next_pause);
  m_next_pause = std::min(2 * m_next_pause, m_options.longest_pause);
  m_timer.async_wait([this](const boost::system::error_code&) {
    m_pausing = false;
    pump();
  });
}

void InventoryForwarder::count_loss(std::size_t given_up) {
  if (given_up > 0 && m_lost == 0) {
    log::warning("pxe.inventory.lost",
                 "too many inventories wait for the inventory server: the oldest are given up");
  }
  m_lost += given_up;
}

void InventoryForwarder::tell(const Parcel& parcel, Delivery delivery) const {
  if (parcel.is_told) m_tell(parcel, delivery);
}

}  // namespace pulse2::pxe_service
