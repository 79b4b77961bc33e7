#include "tftp/chunk_cache.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "log/log.hpp"

namespace pulse2::tftp {

namespace asio = boost::asio;

namespace {

/// The piece; null, with a line in the log, when the file is shorter than it was or can't be read.
Chunk read_chunk(const Content& content, std::uint64_t index) {
  const std::uint64_t begin = index * ChunkCache::k_chunk_size;
  const std::uint64_t size =
      std::min<std::uint64_t>(ChunkCache::k_chunk_size, content.size - begin);
  auto bytes = std::make_shared<std::string>(size, '\0');
  const auto read = os::read_at(content.file->get(), bytes->data(), bytes->size(), begin);
  if (read && *read == size) return bytes;
  log::warning("tftp.file.unreadable", "a file that is being sent can't be read at byte {}: {}",
               begin, read ? "it became shorter" : read.error().for_operator());
  return nullptr;
}

}  // namespace

ChunkCache::Reading::Reading(asio::io_context& io)
    : done(io, asio::steady_timer::time_point::max()) {}

ChunkCache::Key ChunkCache::key_of(const Content& content, std::uint64_t index) {
  const os::FileStatus& status = content.status;
  return {status.device, status.inode, status.size, status.mtime_ns, status.ctime_ns, index};
}

Chunk ChunkCache::find(const Content& content, std::uint64_t index) {
  const auto found = m_chunks.find(key_of(content, index));
  if (found == m_chunks.end()) return nullptr;
  m_ages.splice(m_ages.begin(), m_ages, found->second.age);
  return found->second.chunk;
}

asio::awaitable<Chunk> ChunkCache::load(Content content, std::uint64_t index) {
  if (Chunk chunk = find(content, index)) co_return chunk;
  const std::shared_ptr<Reading> reading = begin_reading(content, index);
  co_await reading->done.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return reading->chunk;
}

void ChunkCache::prefetch(const Content& content, std::uint64_t index) {
  if (index * k_chunk_size >= content.size || m_chunks.contains(key_of(content, index))) return;
  begin_reading(content, index);
}

std::shared_ptr<ChunkCache::Reading> ChunkCache::begin_reading(const Content& content,
                                                               std::uint64_t index) {
  const Key key = key_of(content, index);
  auto& reading = m_readings[key];
  if (reading) return reading;
  reading = std::make_shared<Reading>(m_io);
  m_pool.post([this, content, index, key] {
    asio::post(m_io, [this, key, chunk = read_chunk(content, index)]() mutable {
      finish(key, std::move(chunk));
    });
  });
  return reading;
}

void ChunkCache::finish(const Key& key, Chunk chunk) {
  const auto found = m_readings.find(key);
  const std::shared_ptr<Reading> reading = std::move(found->second);
  m_readings.erase(found);
  if (chunk) keep(key, chunk);
  reading->chunk = std::move(chunk);
  reading->done.cancel();
}

void ChunkCache::keep(const Key& key, const Chunk& chunk) {
  m_ages.push_front(key);
  m_chunks.emplace(key, Entry{chunk, m_ages.begin()});
  m_size += chunk->size();
  while (m_size > m_capacity && !m_ages.empty()) {
    const auto oldest = m_chunks.find(m_ages.back());
    m_size -= oldest->second.chunk->size();
    m_chunks.erase(oldest);
    m_ages.pop_back();
  }
}

}  // namespace pulse2::tftp
