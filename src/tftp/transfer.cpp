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
constexpr std::uint64_t k_chunk = ChunkCache::k_chunk_size;

}  // namespace

Transfer::Transfer(asio::io_context& io, os::UniqueFd socket, const udp& protocol, Content content,
                   Parameters parameters, unsigned retries, ChunkCache& cache)
    : m_socket(io, protocol, socket.release()),
      m_content(std::move(content)),
      m_parameters(std::move(parameters)),
      m_retries(retries),
      m_cache(cache),
      m_window(m_content.size, m_parameters.block_size, m_parameters.window_size),
      m_options_pending(!m_parameters.granted.empty()) {
  const std::size_t batch = std::min<std::size_t>(m_parameters.window_size, os::k_max_batch);
  m_headers.reserve(batch);
  m_batch.reserve(batch);
}

void Transfer::expire(Time now) {
  if (!m_waiting || now < m_deadline) return;
  m_waiting = false;
  boost::system::error_code ignored;
  m_socket.cancel(ignored);
}

void Transfer::abandon() {
  m_abandoned = true;
  boost::system::error_code ignored;
  m_socket.cancel(ignored);
}

Transfer::Time Transfer::deadline() const {
  std::chrono::seconds wait(m_parameters.timeout);
  if (!m_parameters.fixed_timeout) {
    wait = std::max(wait, std::min(wait * (1U << std::min(m_silences, 8U)), k_longest_silence));
  }
  return std::chrono::steady_clock::now() + wait;
}

asio::awaitable<Outcome> Transfer::run() {
  std::array<char, k_reply_size> buffer;  // NOLINT: filled before it is read
  std::optional<Outcome> outcome = co_await begin();
  while (!outcome && !m_abandoned) {
    m_deadline = deadline();
    m_waiting = true;
    const auto [error, size] =
        co_await m_socket.async_receive(asio::buffer(buffer), asio::as_tuple(asio::use_awaitable));
    const bool expired = !m_waiting;
    m_waiting = false;
    if (m_abandoned) break;
    if (!error) {
      outcome = co_await on_reply({buffer.data(), size});
    } else if (expired) {
      outcome = co_await on_silence();
    } else {
      outcome = Outcome::lost;  // nobody listens at the client's port any more
    }
  }
  co_return m_abandoned ? Outcome::abandoned : *outcome;
}

asio::awaitable<std::optional<Outcome>> Transfer::begin() {
  if (m_options_pending) {
    if (m_content.file) m_cache.prefetch(m_content, 0);
    send_packet(encode_option_ack(m_parameters.granted));
    co_return std::nullopt;
  }
  const auto outcome = co_await send(m_window.begin());
  co_return outcome;
}

asio::awaitable<std::optional<Outcome>> Transfer::on_reply(std::string_view packet) {
  const Reply reply = parse_reply(packet);
  if (std::holds_alternative<PeerError>(reply)) co_return Outcome::refused;
  const Ack* ack = std::get_if<Ack>(&reply);
  if (ack == nullptr) co_return std::nullopt;
  Blocks blocks;
  if (m_options_pending) {
    if (ack->block != 0) co_return std::nullopt;
    m_options_pending = false;
    blocks = m_window.begin();
  } else {
    blocks = m_window.acknowledged(ack->block);
  }
  if (m_window.done()) co_return Outcome::done;
  if (blocks.empty()) co_return std::nullopt;
  m_silences = 0;
  const auto outcome = co_await send(blocks);
  co_return outcome;
}

asio::awaitable<std::optional<Outcome>> Transfer::on_silence() {
  if (m_silences++ == m_retries) co_return Outcome::lost;
  if (m_options_pending) {
    send_packet(encode_option_ack(m_parameters.granted));
    co_return std::nullopt;
  }
  const auto outcome = co_await send(m_window.again());
  co_return outcome;
}

void Transfer::send_packet(const std::string& packet) {
  boost::system::error_code lost_like_any_datagram;
  m_socket.send(asio::buffer(packet), 0, lost_like_any_datagram);
}

asio::awaitable<std::optional<Outcome>> Transfer::send(Blocks blocks) {
  for (std::uint64_t block = blocks.first; block < blocks.first + blocks.count; ++block) {
    if (!append_block(block)) {
      const bool loaded = co_await load_block(block);
      if (!loaded) {
        send_packet(encode_error({ErrorCode::undefined, "read error"}));
        co_return Outcome::unreadable;
      }
      (void)append_block(block);
    }
    if (m_batch.size() < m_batch.capacity() && block + 1 < blocks.first + blocks.count) continue;
    const bool flushed = co_await flush();
    if (!flushed) co_return Outcome::lost;
  }
  co_return std::nullopt;
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

asio::awaitable<bool> Transfer::flush() {
  bool peer_closed = false;
  std::size_t sent = 0;
  while (sent < m_batch.size()) {
    const auto result = os::send_batch(m_socket.native_handle(), std::span(m_batch).subspan(sent));
    sent += result.taken;
    peer_closed = result.peer_closed;
    if (result.taken > 0) continue;
    if (!result.full) break;
    const auto [error] =
        co_await m_socket.async_wait(udp::socket::wait_write, asio::as_tuple(asio::use_awaitable));
    if (error) break;
  }
  m_headers.clear();
  m_batch.clear();
  // The next batch most likely begins in the piece where this one ended.
  if (m_held.size() > 1) m_held.erase(m_held.begin(), m_held.end() - 1);
  co_return !peer_closed;
}

}  // namespace pulse2::tftp
