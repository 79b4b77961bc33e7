#include "net/chunked.hpp"

#include <algorithm>

namespace pulse2::net {

using base::ErrorKind;

namespace {

constexpr unsigned k_max_digits = 15;             // 2^60 bytes: no overflow anywhere
constexpr std::size_t k_max_overhead = 16 << 10;  // bytes that carry no data, in one go

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// Control characters have no place in a chunk extension; a tab is white space.
bool is_control(char byte) {
  return (static_cast<unsigned char>(byte) < 0x20 && byte != '\t') || byte == 0x7F;
}

tl::unexpected<base::Error> bad_chunk() {
  return base::fail(ErrorKind::malformed, "The chunks of the request body are not well-formed.");
}

}  // namespace

base::Expected<ChunkedDecoder::Step> ChunkedDecoder::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (used < bytes.size() && !done()) {
    if (m_state == State::data) {
      const auto size = static_cast<std::size_t>(
          std::min<std::uint64_t>(m_left, static_cast<std::uint64_t>(bytes.size() - used)));
      m_left -= size;
      if (m_left == 0) m_state = State::data_cr;
      return Step{used + size, bytes.substr(used, size)};
    }
    PULSE2_TRY(take(bytes[used]));
    ++used;
  }
  return Step{used, {}};
}

base::Expected<void> ChunkedDecoder::take(char byte) {
  switch (m_state) {
    case State::size:
    case State::extension:
      return take_size(byte);
    case State::size_end:
      if (byte != '\n') return bad_chunk();
      m_state = m_left == 0 ? State::trailer : State::data;
      m_digits = 0;
      m_overhead = 0;
      return {};
    case State::data_cr:
      if (byte != '\r') return bad_chunk();
      m_state = State::data_lf;
      return {};
    case State::data_lf:
      if (byte != '\n') return bad_chunk();
      m_state = State::size;
      return {};
    case State::trailer:
    case State::trailer_lf:
      return take_trailer(byte);
    case State::data:
    case State::done:
      break;
  }
  return bad_chunk();
}

base::Expected<void> ChunkedDecoder::take_size(char byte) {
  if (byte == '\r') {
    if (m_digits == 0) return bad_chunk();
    m_state = State::size_end;
    return {};
  }
  if (m_state == State::size) {
    if (const int value = hex_value(byte); value >= 0) {
      if (++m_digits > k_max_digits) return bad_chunk();
      m_left = m_left * 16 + static_cast<unsigned>(value);
      return {};
    }
    if (m_digits == 0 || (byte != ';' && byte != ' ' && byte != '\t')) return bad_chunk();
    m_state = State::extension;
  }
  if (is_control(byte) || ++m_overhead > k_max_overhead) return bad_chunk();
  return {};
}

base::Expected<void> ChunkedDecoder::take_trailer(char byte) {
  if (++m_overhead > k_max_overhead) return bad_chunk();
  if (m_state == State::trailer_lf) {
    if (byte != '\n') return bad_chunk();
    m_state = m_line == 0 ? State::done : State::trailer;
    m_line = 0;
  } else if (byte == '\r') {
    m_state = State::trailer_lf;
  } else if (byte == '\n') {
    return bad_chunk();
  } else {
    ++m_line;
  }
  return {};
}

}  // namespace pulse2::net
