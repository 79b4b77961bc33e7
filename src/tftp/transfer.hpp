#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/udp.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
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
  /// client is given up. `is_alone`: whether nobody else wants the thread. The cache outlives the
  /// transfer.
  Transfer(boost::asio::io_context& io, os::UniqueFd socket, const boost::asio::ip::udp& protocol,
           Content content, Parameters parameters, unsigned retries, ChunkCache& cache,
           std::function<bool()> is_alone);

  /// Sends the file and waits until it has arrived.
  [[nodiscard]] boost::asio::awaitable<Outcome> run();
  /// Ends a wait whose time is over.
  void expire(Time now);
  /// Ends the transfer without a word.
  void abandon();

  [[nodiscard]] std::uint64_t size() const noexcept { return m_content.size; }

 private:
  /// What came of waiting for the client.
  struct Received {
    boost::system::error_code error;
    std::size_t size = 0;
  };

  /// Sends the granted options, or makes the first window the next to be sent.
  void begin();
  /// Takes a reply that comes at once without sleeping: to be woken takes longer than the way to a
  /// client on this machine. In lockstep, client and server on a core each, 49 MiB/s became 55.
  /// Size 0 without an error: none came.
  [[nodiscard]] Received poll(std::span<char> buffer, Time begin);
  /// Act on what came, or did not, and say what is to be sent; an outcome when the transfer is
  /// over.
  [[nodiscard]] std::optional<Outcome> on_received(const Received& received,
                                                   std::string_view packet);
  [[nodiscard]] std::optional<Outcome> on_reply(std::string_view packet);
  [[nodiscard]] std::optional<Outcome> on_silence();
  /// Sends the blocks that are to be sent; false when something must be awaited before.
  [[nodiscard]] bool send_at_hand();
  /// Awaits what is in the way of sending; an outcome when that ends the transfer.
  boost::asio::awaitable<std::optional<Outcome>> make_way();
  /// The piece of the file with this index when it is at hand. Valid until forget_batch().
  [[nodiscard]] const Chunk* chunk_at_hand(std::uint64_t index);
  /// Puts a block into the batch; false when its bytes are not at hand.
  [[nodiscard]] bool append_block(std::uint64_t block);
  /// Brings a block's bytes to hand; false when the file can't be read.
  boost::asio::awaitable<bool> load_block(std::uint64_t block);
  void hold(std::uint64_t index, Chunk chunk);
  /// Sends the batch; false when the socket takes no more, for now or for ever.
  [[nodiscard]] bool flush();
  void forget_batch();
  void send_packet(const std::string& packet);
  [[nodiscard]] std::chrono::seconds patience() const;

  boost::asio::ip::udp::socket m_socket;
  Content m_content;
  Parameters m_parameters;
  unsigned m_retries;
  ChunkCache& m_cache;
  std::function<bool()> m_is_alone;
  Window m_window;
  bool m_options_pending;   ///< the OACK is not acknowledged yet
  unsigned m_silences = 0;  ///< waits without an answer, one after another
  bool m_waiting = false;   ///< for a reply, until m_deadline
  bool m_expired = false;   ///< the wait ended with its time
  bool m_quick = false;     ///< the last reply that was slept for came at once
  unsigned m_polls_skipped = 0;
  unsigned m_polls_to_skip = 0;
  bool m_abandoned = false;
  Time m_deadline{};

  Blocks m_to_send;  ///< and are not in the batch yet
  bool m_peer_closed = false;
  bool m_is_full = false;  ///< the socket
  /// What is collected for one system call, and how much of it is sent.
  std::vector<DataHeader> m_headers;
  std::vector<os::DatagramParts> m_batch;
  std::size_t m_batch_sent = 0;
  /// The pieces of the file that the batch points into, the latest last.
  struct Held {
    std::uint64_t index = 0;
    Chunk chunk;
  };
  std::vector<Held> m_held;
};

}  // namespace pulse2::tftp
