#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"

namespace pulse2::net {

/// Takes the chunked transfer coding (RFC 9112 §7.1) off a body that arrives in parts. Extensions
/// and trailers are passed over; lines end with CRLF only.
class ChunkedDecoder {
 public:
  struct Step {
    std::size_t consumed = 0;  ///< bytes of the input that are done with
    std::string_view data;     ///< body bytes found, part of the input; may be empty
  };

  /// Decodes up to the end of the next stretch of data; to be repeated with the rest of the input
  /// until it is used up or done() is true. Error `malformed`.
  [[nodiscard]] base::Expected<Step> feed(std::string_view bytes);
  [[nodiscard]] bool done() const noexcept { return m_state == State::done; }

 private:
  enum class State { size, extension, size_end, data, data_cr, data_lf, trailer, trailer_lf, done };
  base::Expected<void> take(char byte);
  base::Expected<void> take_size(char byte);
  base::Expected<void> take_trailer(char byte);

  State m_state = State::size;
  std::uint64_t m_left = 0;    ///< bytes of the current chunk still to come
  unsigned m_digits = 0;       ///< of the current size
  std::size_t m_line = 0;      ///< bytes of the current trailer line
  std::size_t m_overhead = 0;  ///< extension bytes of this chunk, or all trailer bytes
};

}  // namespace pulse2::net
