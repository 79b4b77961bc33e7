#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "os/udp.hpp"
#include "os/unique_fd.hpp"
#include "tftp/chunk_cache.hpp"
#include "tftp/content.hpp"
#include "tftp/packet.hpp"
#include "tftp/window.hpp"

namespace pulse2::tftp {

/// How a transfer ended.
enum class Outcome {
  done,
  refused,     ///< the client sent an error packet
  lost,        ///< the client does not answer any more
  unreadable,  ///< the file can't be read to its end
  abandoned    ///< by abandon()
};

/// Sends one file to one client. Belongs to the thread of its io_context.
class Transfer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  /// `socket`: connected to the client. `retries`: how often a packet is sent again before the
  /// client is given up. The cache outlives the transfer.
  Transfer(boost::asio::io_context& io, os::UniqueFd socket, const boost::asio::ip::udp& protocol,
           Content content, Parameters parameters, unsigned retries, ChunkCache& cache);

  /// Sends the file and waits until it has arrived.
  [[nodiscard]] boost::asio::awaitable<Outcome> run();
  /// Ends a wait whose time is over.
  void expire(Time now);
  /// Ends the transfer without a word.
  void abandon();

  [[nodiscard]] std::uint64_t size() const noexcept { return m_content.size; }

 private:
  /// Sends what there is to send first: the granted options or the first window.
  boost::asio::awaitable<std::optional<Outcome>> begin();
  /// Acts on what the client sent; an outcome when the transfer is over.
  boost::asio::awaitable<std::optional<Outcome>> on_reply(std::string_view packet);
  boost::asio::awaitable<std::optional<Outcome>> on_silence();
  /// Sends these blocks; an outcome when that ends the transfer.
  boost::asio::awaitable<std::optional<Outcome>> send(Blocks blocks);
  /// The piece of the file with this index when it is at hand. Valid until flush().
  [[nodiscard]] const Chunk* chunk_at_hand(std::uint64_t index);
  /// Puts a block into the batch; false when its bytes are not at hand.
  [[nodiscard]] bool append_block(std::uint64_t block);
  /// Brings a block's bytes to hand; false when the file can't be read.
  boost::asio::awaitable<bool> load_block(std::uint64_t block);
  void hold(std::uint64_t index, Chunk chunk);
  /// Sends the batch; false when nobody listens at the client's port any more.
  boost::asio::awaitable<bool> flush();
  void send_packet(const std::string& packet);
  [[nodiscard]] Time deadline() const;

  boost::asio::ip::udp::socket m_socket;
  Content m_content;
  Parameters m_parameters;
  unsigned m_retries;
  ChunkCache& m_cache;
  Window m_window;
  bool m_options_pending;   ///< the OACK is not acknowledged yet
  unsigned m_silences = 0;  ///< waits without an answer, one after another
  bool m_waiting = false;   ///< for a reply, until m_deadline
  bool m_abandoned = false;
  Time m_deadline{};

  /// What is collected for one system call.
  std::vector<DataHeader> m_headers;
  std::vector<os::DatagramParts> m_batch;
  /// The pieces of the file that the batch points into, the latest last.
  struct Held {
    std::uint64_t index = 0;
    Chunk chunk;
  };
  std::vector<Held> m_held;
};

}  // namespace pulse2::tftp
