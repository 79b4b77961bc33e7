#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "os/thread_pool.hpp"
#include "tftp/content.hpp"

namespace pulse2::tftp {

/// A piece of a file in memory; shared by those who send it. Null: it could not be read.
using Chunk = std::shared_ptr<const std::string>;

/// Pieces of the files that are being sent, so that the disk is never waited for on the thread that
/// sends and that a thousand machines which load one file read it once. A piece belongs to a file
/// as it was opened (inode, size, times): a replaced file is another one. Belongs to its
/// io_context's thread; the reading happens on the pool.
class ChunkCache {
 public:
  static constexpr std::size_t k_chunk_size = 128 * 1024;

  /// Keeps about `capacity` bytes. Both references outlive the cache; the pool is stopped before
  /// the context ends.
  ChunkCache(boost::asio::io_context& io, os::ThreadPool& pool, std::size_t capacity)
      : m_io(io), m_pool(pool), m_capacity(capacity) {}
  ChunkCache(const ChunkCache&) = delete;
  ChunkCache& operator=(const ChunkCache&) = delete;

  /// Bytes from index × k_chunk_size on, when they are in memory already; else null.
  [[nodiscard]] Chunk find(const Content& content, std::uint64_t index);
  /// The same, read when need be; several who want the same one wait for one reading.
  [[nodiscard]] boost::asio::awaitable<Chunk> load(Content content, std::uint64_t index);
  /// Begins to read a piece that will be wanted soon.
  void prefetch(const Content& content, std::uint64_t index);

 private:
  /// Device, inode, size, mtime, ctime, index.
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, std::int64_t, std::int64_t,
                         std::uint64_t>;
  struct Entry {
    Chunk chunk;
    std::list<Key>::iterator age;
  };
  /// A reading that is under way. The timer is its signal: cancelled at the end.
  struct Reading {
    explicit Reading(boost::asio::io_context& io);
    boost::asio::steady_timer done;
    Chunk chunk;
  };

  static Key key_of(const Content& content, std::uint64_t index);
  std::shared_ptr<Reading> begin_reading(const Content& content, std::uint64_t index);
  void finish(const Key& key, Chunk chunk);
  void keep(const Key& key, const Chunk& chunk);

  boost::asio::io_context& m_io;
  os::ThreadPool& m_pool;
  std::size_t m_capacity;
  std::size_t m_size = 0;
  std::list<Key> m_ages;  ///< latest use first
  std::map<Key, Entry> m_chunks;
  std::map<Key, std::shared_ptr<Reading>> m_readings;
};

}  // namespace pulse2::tftp
