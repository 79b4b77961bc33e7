#include "tftp/transfer.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "os/udp.hpp"

namespace pulse2::tftp {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr std::size_t k_reply_size = 512;  // acknowledgements have 4 bytes, errors a short text
constexpr std::chrono::seconds k_longest_silence{8};
/// A client that answers sooner is on this machine, or nearly.
constexpr std::chrono::microseconds k_quick{50};
/// Replies that are slept for after a poll in vain.
constexpr unsigned k_fewest_skipped = 64;
constexpr unsigned k_most_skipped = 8192;
constexpr std::uint64_t k_chunk = ChunkCache::k_chunk_size;

}  // namespace

Transfer::Transfer(asio::io_context& io, os::UniqueFd socket, const udp& protocol, Content content,
                   Parameters parameters, unsigned retries, ChunkCache& cache,
                   std::function<bool()> is_alone)
    : m_socket(io, protocol, socket.release()),
      m_content(std::move(content)),
      m_parameters(std::move(parameters)),
      m_retries(retries),
      m_cache(cache),
      m_is_alone(std::move(is_alone)),
      m_window(m_content.size, m_parameters.block_size, m_parameters.window_size),
      m_options_pending(!m_parameters.granted.empty()) {
  boost::system::error_code ignored;
  m_socket.non_blocking(true, ignored);
  const std::size_t batch = std::min<std::size_t>(m_parameters.window_size, os::k_max_batch);
  m_headers.reserve(batch);
  m_batch.reserve(batch);
}

void Transfer::expire(Time now) {
  if (!m_waiting || now < m_deadline) return;
  m_expired = true;
  boost::system::error_code ignored;
  m_socket.cancel(ignored);
}

void Transfer::abandon() {
  m_abandoned = true;
  boost::system::error_code ignored;
  m_socket.cancel(ignored);
}

std::chrono::seconds Transfer::patience() const {
  std::chrono::seconds wait(m_parameters.timeout);
  if (!m_parameters.fixed_timeout) {
    wait = std::max(wait, std::min(wait * (1U << std::min(m_silences, 8U)), k_longest_silence));
  }
  return wait;
}

asio::awaitable<Outcome> Transfer::run() {
  std::array<char, k_reply_size> buffer;  // NOLINT: filled before it is read
  begin();
  std::optional<Outcome> outcome;
  while (!outcome && !m_abandoned) {
    // Hardly anything is awaited: the next piece of the file is at hand, the socket has room.
    if (!send_at_hand()) {
      outcome = co_await make_way();
      continue;
    }
    const Time begin = std::chrono::steady_clock::now();
    Received received = poll(buffer, begin);
    if (received.size == 0 && !received.error) {
      m_deadline = begin + patience();
      m_waiting = true;
      m_expired = false;
      const auto [error, size] = co_await m_socket.async_receive(
          asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
      received = {error, size};
      m_waiting = false;
      m_quick = std::chrono::steady_clock::now() - begin < k_quick;
    }
    if (m_abandoned) break;
    outcome = on_received(received, {buffer.data(), received.size});
  }
  co_return m_abandoned ? Outcome::abandoned : *outcome;
}

Transfer::Received Transfer::poll(std::span<char> buffer, Time begin) {
  if (!m_quick || m_polls_skipped < m_polls_to_skip || !m_is_alone()) {
    ++m_polls_skipped;
    return {};
  }
  do {
    Received received;
    received.size = m_socket.receive(asio::buffer(buffer.data(), buffer.size()), 0, received.error);
    if (received.error != asio::error::would_block) {
      m_polls_to_skip = 0;
      return received;
    }
  } while (std::chrono::steady_clock::now() - begin < k_quick);
  // It may want the core that we hold.
  m_polls_skipped = 0;
  m_polls_to_skip = std::clamp(2 * m_polls_to_skip, k_fewest_skipped, k_most_skipped);
  return {};
}

void Transfer::begin() {
  if (m_options_pending) {
    if (m_content.file) m_cache.prefetch(m_content, 0);
    send_packet(encode_option_ack(m_parameters.granted));
  } else {
    m_to_send = m_window.begin();
  }
}

std::optional<Outcome> Transfer::on_received(const Received& received, std::string_view packet) {
  if (!received.error) return on_reply(packet);
  if (m_expired) return on_silence();
  return Outcome::lost;  // nobody listens at the client's port any more
}

std::optional<Outcome> Transfer::on_reply(std::string_view packet) {
  const Reply reply = parse_reply(packet);
  if (std::holds_alternative<PeerError>(reply)) return Outcome::refused;
  const Ack* ack = std::get_if<Ack>(&reply);
  if (ack == nullptr) return std::nullopt;
  if (m_options_pending) {
    if (ack->block != 0) return std::nullopt;
    m_options_pending = false;
    m_to_send = m_window.begin();
  } else {
    m_to_send = m_window.acknowledged(ack->block);
  }
  if (m_window.done()) return Outcome::done;
  if (!m_to_send.empty()) m_silences = 0;
  return std::nullopt;
}

std::optional<Outcome> Transfer::on_silence() {
  if (m_silences++ == m_retries) return Outcome::lost;
  if (m_options_pending) {
    send_packet(encode_option_ack(m_parameters.granted));
  } else {
    m_to_send = m_window.again();
  }
  return std::nullopt;
}

void Transfer::send_packet(const std::string& packet) {
  boost::system::error_code lost_like_any_datagram;
  m_socket.send(asio::buffer(packet), 0, lost_like_any_datagram);
}

bool Transfer::send_at_hand() {
  while (!m_to_send.empty() || !m_batch.empty()) {
    while (!m_to_send.empty() && m_batch.size() < m_batch.capacity()) {
      if (!append_block(m_to_send.first)) return false;
      ++m_to_send.first;
      --m_to_send.count;
    }
    if (!flush()) return false;
  }
  return true;
}

asio::awaitable<std::optional<Outcome>> Transfer::make_way() {
  if (m_peer_closed) co_return Outcome::lost;
  if (m_is_full) {
    const auto [error] =
        co_await m_socket.async_wait(udp::socket::wait_write, asio::as_tuple(asio::use_awaitable));
    m_is_full = false;
    if (error) forget_batch();
    co_return std::nullopt;
  }
  const bool loaded = co_await load_block(m_to_send.first);
  if (loaded) co_return std::nullopt;
  send_packet(encode_error({ErrorCode::undefined, "read error"}));
  co_return Outcome::unreadable;
}

bool Transfer::append_block(std::uint64_t block) {
  const std::uint64_t begin = (block - 1) * m_parameters.block_size;
  const auto size = std::min<std::uint64_t>(m_parameters.block_size, m_content.size - begin);
  os::DatagramParts parts;
  if (m_content.prepared) {
    parts.first = std::string_view(*m_content.prepared).substr(begin, size);
  } else if (size > 0) {
    const Chunk* first = chunk_at_hand(begin / k_chunk);
    if (first == nullptr) return false;
    parts.first = std::string_view(**first).substr(begin % k_chunk, size);
    if (parts.first.size() < size) {
      const std::size_t rest = size - parts.first.size();
      const Chunk* second = chunk_at_hand(begin / k_chunk + 1);
      if (second == nullptr) return false;
      parts.second = std::string_view(**second).substr(0, rest);
    }
  }
  m_headers.push_back(data_header(block));
  parts.head = {m_headers.back().data(), m_headers.back().size()};
  m_batch.push_back(parts);
  return true;
}

const Chunk* Transfer::chunk_at_hand(std::uint64_t index) {
  const auto held = std::find_if(m_held.rbegin(), m_held.rend(),
                                 [index](const Held& each) { return each.index == index; });
  if (held != m_held.rend()) return &held->chunk;
  Chunk found = m_cache.find(m_content, index);
  if (!found) return nullptr;
  hold(index, std::move(found));
  return &m_held.back().chunk;
}

asio::awaitable<bool> Transfer::load_block(std::uint64_t block) {
  const std::uint64_t begin = (block - 1) * m_parameters.block_size;
  const std::uint64_t end = std::min(begin + m_parameters.block_size, m_content.size);
  for (std::uint64_t index = begin / k_chunk; index <= (end - 1) / k_chunk; ++index) {
    if (chunk_at_hand(index) != nullptr) continue;
    Chunk loaded = co_await m_cache.load(m_content, index);
    if (!loaded) co_return false;
    hold(index, std::move(loaded));
  }
  co_return true;
}

void Transfer::hold(std::uint64_t index, Chunk chunk) {
  m_held.push_back({index, std::move(chunk)});
  m_cache.prefetch(m_content, index + 1);
}

bool Transfer::flush() {
  while (m_batch_sent < m_batch.size()) {
    const auto result =
        os::send_batch(m_socket.native_handle(), std::span(m_batch).subspan(m_batch_sent));
    m_batch_sent += result.taken;
    m_peer_closed = result.peer_closed;
    if (result.taken > 0) continue;
    m_is_full = result.full;
    if (m_is_full || m_peer_closed) return false;
    break;
  }
  forget_batch();
  return true;
}

void Transfer::forget_batch() {
  m_headers.clear();
  m_batch.clear();
  m_batch_sent = 0;
  // The next batch most likely begins in the piece where this one ended.
  if (m_held.size() > 1) m_held.erase(m_held.begin(), m_held.end() - 1);
}

}  // namespace pulse2::tftp
