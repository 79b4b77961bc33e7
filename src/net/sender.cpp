#include "net/sender.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <span>

namespace pulse2::net {

namespace asio = boost::asio;

namespace {

constexpr std::uint64_t k_small_file = 8 << 10;  // sent together with its head
constexpr std::uint64_t k_sendfile_step = 1 << 20;
constexpr std::uint64_t k_turn = 8 << 20;  // bytes before others get their turn
constexpr std::size_t k_gather = 256;      // buffers in one system call

/// Sends the parts of one response and remembers how long this connection has had its turn.
class Sender {
 public:
  Sender(Channel& channel, DownloadGate& gate, std::chrono::seconds idle)
      : m_channel(channel), m_gate(gate), m_idle(idle) {}

  /// A head or other bytes; `more`: a file follows.
  asio::awaitable<bool> bytes(std::string_view text, bool more) {
    while (!text.empty()) {
      const iovec piece{const_cast<char*>(text.data()), text.size()};
      const auto result = m_channel.write({&piece, 1}, more);
      text.remove_prefix(result.bytes);
      if (!(co_await settle(result))) co_return false;
    }
    co_return true;
  }

  asio::awaitable<bool> buffers(std::string_view head, const http::SharedBody& body) {
    std::size_t index = 0;  // 0 is the head
    std::size_t offset = 0;
    while (index <= body.buffers.size()) {
      const auto result = write_from(head, body, index, offset);
      advance(head, body, index, offset, result.bytes);
      if (!(co_await settle(result))) co_return false;
    }
    co_return true;
  }

  asio::awaitable<bool> file(int descriptor, std::uint64_t offset, std::uint64_t length) {
    while (length > 0) {
      auto step = std::min(length, k_sendfile_step);
      const bool limited = m_gate.is_limited();
      if (limited) step = co_await m_gate.allow(m_channel, step);
      if (step == 0) co_return false;
      const auto result = m_channel.send_file(descriptor, offset, step);
      if (result.state == Io::moved && result.bytes == 0) co_return false;
      if (limited) m_gate.spend(result.bytes);
      offset += result.bytes;
      length -= result.bytes;
      if (!(co_await settle(result))) co_return false;
    }
    co_return true;
  }

  /// Counts bytes that were sent past this object.
  void add(std::uint64_t sent) { m_total += sent; }
  /// All bytes that the socket took, the head's included.
  [[nodiscard]] std::uint64_t total() const { return m_total; }

  /// Waits until the socket took everything.
  asio::awaitable<bool> flush() {
    while (true) {
      const auto result = m_channel.flush();
      if (result.state == Io::moved) co_return true;
      if (!(co_await m_channel.wait(result.state, m_idle))) co_return false;
    }
  }

 private:
  /// After an attempt: waits when it asked for that, and lets others run now and then.
  asio::awaitable<bool> settle(IoResult result) {
    m_turn += result.bytes;
    m_total += result.bytes;
    if (result.state == Io::closed) co_return false;
    if (result.state != Io::moved) {
      m_turn = 0;
      co_return co_await m_channel.wait(result.state, m_idle);
    }
    if (m_turn >= k_turn) {
      m_turn = 0;
      co_await asio::post(m_channel.socket().get_executor(), asio::use_awaitable);
    }
    co_return true;
  }

  static std::string_view buffer_at(std::string_view head, const http::SharedBody& body,
                                    std::size_t index) {
    return index == 0 ? head : std::string_view(*body.buffers[index - 1]);
  }

  IoResult write_from(std::string_view head, const http::SharedBody& body, std::size_t index,
                      std::size_t offset) {
    std::array<iovec, k_gather> pieces;
    std::size_t count = 0;
    for (; count < k_gather && index <= body.buffers.size(); ++index, ++count) {
      const auto buffer = buffer_at(head, body, index).substr(offset);
      pieces[count] = {const_cast<char*>(buffer.data()), buffer.size()};
      offset = 0;
    }
    return m_channel.write(std::span(pieces).first(count), index <= body.buffers.size());
  }

  static void advance(std::string_view head, const http::SharedBody& body, std::size_t& index,
                      std::size_t& offset, std::size_t sent) {
    offset += sent;
    while (index <= body.buffers.size()) {
      const auto size = buffer_at(head, body, index).size();
      if (offset < size) return;
      offset -= size;
      ++index;
    }
  }

  Channel& m_channel;
  DownloadGate& m_gate;
  std::chrono::seconds m_idle;
  std::uint64_t m_turn = 0;
  std::uint64_t m_total = 0;
};

/// Head and a small file side by side in the thread's buffer, sent by one call. `taken` counts
/// what of both left; `complete` is false when the file is shorter than announced.
struct SmallFile {
  IoResult result;
  bool complete = false;
};

SmallFile send_small_file(Channel& channel, std::string_view head, const http::FileBody& file) {
  const auto& part = file.parts.front();
  const auto buffer = thread_buffer();
  std::memcpy(buffer.data(), head.data(), head.size());
  const auto size = ::pread(file.fd, buffer.data() + head.size(),
                            static_cast<std::size_t>(part.length), static_cast<off_t>(part.offset));
  if (size < 0 || static_cast<std::uint64_t>(size) != part.length) return {};
  const iovec piece{buffer.data(), head.size() + static_cast<std::size_t>(part.length)};
  return {channel.write({&piece, 1}, false), true};
}

bool is_small(std::string_view head, const http::FileBody& file) {
  return file.parts.size() == 1 && file.parts.front().preamble.empty() && file.epilogue.empty() &&
         file.parts.front().length <= k_small_file && head.size() <= k_small_file;
}

asio::awaitable<bool> send_file_body(Sender& sender, Channel& channel, std::string_view head,
                                     const http::FileBody& file, bool limited) {
  std::uint64_t done = 0;  // of the only part of a small file
  if (!limited && is_small(head, file)) {
    const auto small = send_small_file(channel, head, file);
    if (!small.complete || small.result.state == Io::closed) co_return false;
    sender.add(small.result.bytes);
    const auto in_head = std::min(head.size(), small.result.bytes);
    head.remove_prefix(in_head);
    done = small.result.bytes - in_head;
    if (head.empty() && done == file.parts.front().length) co_return true;
  }
  if (!(co_await sender.bytes(head, true))) co_return false;
  for (const auto& part : file.parts) {
    if (!(co_await sender.bytes(part.preamble, true))) co_return false;
    if (!(co_await sender.file(file.fd, part.offset + done, part.length - done))) co_return false;
  }
  co_return co_await sender.bytes(file.epilogue, false);
}

}  // namespace

asio::awaitable<SendResult> send_response(Channel& channel, DownloadGate& gate,
                                          std::string_view head, const http::Response& response,
                                          bool with_body, std::chrono::seconds idle) {
  Sender sender(channel, gate, idle);
  const auto* file = std::get_if<http::FileBody>(&response.body);
  const auto* shared = std::get_if<http::SharedBody>(&response.body);
  const auto* text = std::get_if<std::string>(&response.body);
  const bool has_body = with_body && response.body_size() > 0;
  bool complete = false;
  if (!has_body) {
    complete = co_await sender.bytes(head, false);
  } else if (file != nullptr) {
    complete = co_await send_file_body(sender, channel, head, *file, gate.is_limited());
  } else if (shared != nullptr) {
    complete = co_await sender.buffers(head, *shared);
  } else {
    // The string lives as long as the response: shared without owning it.
    const http::SharedBody one{{std::shared_ptr<const std::string>(std::shared_ptr<void>(), text)}};
    complete = co_await sender.buffers(head, one);
  }
  if (complete) complete = co_await sender.flush();
  const auto sent = sender.total();
  co_return SendResult{complete, sent > head.size() ? sent - head.size() : 0};
}

}  // namespace pulse2::net
