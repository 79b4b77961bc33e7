#include "net/outgoing.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace pulse2::net {

namespace {

constexpr std::size_t k_gather = 256;  // pieces in one system call
/// Copying so much behind the head costs less than having the kernel gather two pieces: 3 to 5 % of
/// a file of 1 KiB.
constexpr std::size_t k_copied = 2048;

/// The body, when it is in memory in one piece and small; else empty.
std::string_view small_text(const http::Body& body, bool from_files) {
  std::string_view text;
  if (const auto* own = std::get_if<std::string>(&body)) text = *own;
  const auto* file = std::get_if<http::FileBody>(&body);
  if (file != nullptr && file->content && !from_files) text = *file->content;
  return text.size() <= k_copied ? text : std::string_view{};
}

}  // namespace

Outgoing::Outgoing(std::string_view head) : m_front(head), m_head_size(head.size()) {
  add(m_front);
}

Outgoing::Outgoing(const http::Response& response, const Manner& manner) {
  const auto text =
      manner.with_body ? small_text(response.body, manner.from_files) : std::string_view{};
  m_front =
      http::render_head(response, manner.version, manner.keep_alive, manner.date, text.size());
  m_head_size = m_front.size();
  m_front += text;
  add(m_front);
  if (manner.with_body && text.empty()) add_body(response.body, manner.from_files);
}

void Outgoing::add(std::string_view bytes) {
  if (!bytes.empty()) m_pieces.push_back({bytes.data(), -1, 0, bytes.size(), nullptr});
}

void Outgoing::add_file(const http::FileBody& body) {
  for (const auto& part : body.parts) {
    add(part.preamble);
    if (part.length > 0) m_pieces.push_back({nullptr, body.fd, part.offset, part.length, nullptr});
  }
  add(body.epilogue);
}

void Outgoing::add_body(const http::Body& body, bool from_files) {
  if (const auto* text = std::get_if<std::string>(&body)) {
    add(*text);
  } else if (const auto* shared = std::get_if<http::SharedBody>(&body)) {
    m_pieces.reserve(1 + shared->buffers.size());
    for (const auto& buffer : shared->buffers)
      add(*buffer);
  } else if (const auto* file = std::get_if<http::FileBody>(&body)) {
    if (file->content && !from_files) {
      add(*file->content);
    } else {
      add_file(*file);
    }
  } else if (const auto* streamed = std::get_if<http::StreamedBody>(&body)) {
    m_pieces.push_back({nullptr, -1, 0, streamed->source->size(), streamed->source.get()});
  }
}

std::uint64_t Outgoing::file_bytes_next() const noexcept {
  if (is_complete() || m_pieces[m_next].bytes != nullptr) return 0;
  return m_pieces[m_next].length;
}

IoResult Outgoing::send_some(Channel& channel, std::uint64_t most_of_file) {
  if (is_complete()) return {Io::moved, 0};
  const Piece& piece = m_pieces[m_next];
  if (piece.bytes != nullptr) return send_bytes(channel);
  if (piece.source != nullptr) return send_text(channel, most_of_file);
  const auto result =
      channel.send_file(piece.file, piece.offset, std::min(piece.length, most_of_file));
  if (result.state == Io::moved && result.bytes == 0) return {};
  advance(result.bytes);
  return result;
}

IoResult Outgoing::send_bytes(Channel& channel) {
  std::array<iovec, k_gather> pieces;  // NOLINT: filled before it is read
  std::size_t count = 0;
  std::size_t index = m_next;
  for (; count < k_gather && index < m_pieces.size() && m_pieces[index].bytes != nullptr; ++index) {
    // The kernel only reads them.
    pieces[count++] = {const_cast<char*>(m_pieces[index].bytes), m_pieces[index].length};
  }
  const auto result = channel.write(std::span(pieces).first(count), index < m_pieces.size());
  advance(result.bytes);
  return result;
}

IoResult Outgoing::send_text(Channel& channel, std::uint64_t most) {
  const Piece& piece = m_pieces[m_next];
  if (m_text_sent == m_text.size()) {
    m_text.clear();
    m_text_sent = 0;
    piece.source->append_next(m_text);
    if (m_text.empty()) return {};
  }
  const auto size = std::min<std::uint64_t>({m_text.size() - m_text_sent, most, piece.length});
  const iovec part{m_text.data() + m_text_sent, size};
  const auto result = channel.write({&part, 1}, size < piece.length);
  m_text_sent += result.bytes;
  advance(result.bytes);
  return result;
}

void Outgoing::advance(std::uint64_t sent) noexcept {
  m_sent += sent;
  while (sent > 0) {
    Piece& piece = m_pieces[m_next];
    const auto step = std::min(sent, piece.length);
    if (piece.bytes != nullptr) piece.bytes += step;
    piece.offset += step;
    piece.length -= step;
    sent -= step;
    if (piece.length == 0) ++m_next;
  }
}

std::uint64_t Outgoing::body_bytes() const noexcept {
  return m_sent > m_head_size ? m_sent - m_head_size : 0;
}

}  // namespace pulse2::net
