#pragma once

#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/response.hpp"
#include "net/channel.hpp"

namespace pulse2::net {

/// An answer on its way: what of it the socket has not taken yet. Files go out by sendfile without
/// passing through memory; small ones that the response brings along go out with the head.
class Outgoing {
 public:
  /// How a response is sent.
  struct Manner {
    int version = 11;         ///< 10 or 11: of the request
    bool keep_alive = true;   ///< what the head says of the connection
    std::string_view date;    ///< of the Date header; read at once
    bool with_body = true;    ///< false: as for HEAD
    bool from_files = false;  ///< even what the response has in memory, so that rates count
  };

  /// A head alone, as it is sent.
  explicit Outgoing(std::string_view head);
  /// The head, rendered for the client, and the body. `response` outlives this object.
  Outgoing(const http::Response& response, const Manner& manner);
  Outgoing(const Outgoing&) = delete;
  Outgoing(Outgoing&&) = delete;
  Outgoing& operator=(const Outgoing&) = delete;
  Outgoing& operator=(Outgoing&&) = delete;
  ~Outgoing() = default;

  [[nodiscard]] bool is_complete() const noexcept { return m_next == m_pieces.size(); }
  /// The bytes of a file, or of a text that is made now, that come next; 0 when others do.
  [[nodiscard]] std::uint64_t file_bytes_next() const noexcept;
  /// Sends what the socket takes without waiting, at most `most_of_file` of such bytes. A file that
  /// became shorter than it was ends in `closed`: an answer is never padded.
  IoResult send_some(Channel& channel, std::uint64_t most_of_file);
  /// Bytes of the body that the socket took.
  [[nodiscard]] std::uint64_t body_bytes() const noexcept;

 private:
  /// Bytes in memory, of a file, or of a text that is not made yet.
  struct Piece {
    const char* bytes = nullptr;  ///< null: of one of the others
    int file = -1;
    std::uint64_t offset = 0;  ///< in the file
    std::uint64_t length = 0;
    http::TextSource* source = nullptr;
  };

  void add(std::string_view bytes);
  void add_file(const http::FileBody& body);
  void add_body(const http::Body& body, bool from_files);
  IoResult send_bytes(Channel& channel);
  IoResult send_text(Channel& channel, std::uint64_t most);
  void advance(std::uint64_t sent) noexcept;

  std::string m_front;                                ///< the head, and a small body
  std::size_t m_head_size = 0;                        ///< bytes
  boost::container::small_vector<Piece, 2> m_pieces;  ///< most answers: head and body
  std::size_t m_next = 0;  ///< the first that is left, shortened by what was sent of it
  std::uint64_t m_sent = 0;
  std::string m_text;           ///< the part of a text that was made last
  std::size_t m_text_sent = 0;  ///< bytes of it
};

}  // namespace pulse2::net
