#include "catalog/gzip.hpp"

#include <zlib.h>

#include <limits>
#include <new>
#include <utility>

namespace pulse2::catalog {

namespace {

constexpr int k_level = 4;
/// Negative: raw deflate. A window of 8 KiB suits fragments of a few KiB and is quick to reset.
constexpr int k_window_bits = -13;
constexpr int k_memory_level = 6;

/// One compressor for each thread: setting one up costs more than a fragment.
class Deflater {
 public:
  Deflater() {
    if (::deflateInit2(&m_stream, k_level, Z_DEFLATED, k_window_bits, k_memory_level,
                       Z_DEFAULT_STRATEGY) != Z_OK) {
      throw std::bad_alloc();
    }
  }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;
  ~Deflater() { ::deflateEnd(&m_stream); }

  std::string compress(std::string_view plain) {
    ::deflateReset(&m_stream);
    // deflateBound counts a final block; the flush mark that stands in its place needs 5 bytes.
    std::string out(::deflateBound(&m_stream, static_cast<uLong>(plain.size())) + 16, '\0');
    // zlib's interface is not const, but it only reads.
    m_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
    m_stream.avail_in = static_cast<uInt>(plain.size());
    m_stream.next_out = reinterpret_cast<Bytef*>(out.data());
    m_stream.avail_out = static_cast<uInt>(out.size());
    ::deflate(&m_stream, Z_SYNC_FLUSH);
    // A copy of the exact size: pieces live long.
    return {out.data(), out.size() - m_stream.avail_out};
  }

 private:
  z_stream m_stream{};
};

std::string deflate_bytes(std::string_view plain) {
  thread_local Deflater deflater;
  std::string out;
  // zlib counts in 32 bits.
  constexpr std::size_t k_most = std::numeric_limits<uInt>::max() / 4;
  for (; plain.size() > k_most; plain.remove_prefix(k_most)) {
    out += deflater.compress(plain.substr(0, k_most));
  }
  if (out.empty()) return deflater.compress(plain);
  return out += deflater.compress(plain);
}

void append_little_endian(std::string& out, std::uint32_t number) {
  for (int i = 0; i < 4; ++i) {
    out += static_cast<char>(number & 0xffU);
    number >>= 8U;
  }
}

}  // namespace

DeflatedPiece deflate_piece(std::string_view plain) {
  DeflatedPiece piece;
  piece.bytes = deflate_bytes(plain);
  piece.crc = static_cast<std::uint32_t>(
      ::crc32_z(0, reinterpret_cast<const Bytef*>(plain.data()), plain.size()));
  piece.plain_size = plain.size();
  return piece;
}

GzipJoiner::GzipJoiner() {
  // Magic, deflate, no flags, no time, no extra flags, unknown operating system.
  static const auto k_header =
      std::make_shared<const std::string>("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  m_buffers.push_back(k_header);
}

void GzipJoiner::add(std::shared_ptr<const DeflatedPiece> piece) {
  m_crc = static_cast<std::uint32_t>(
      ::crc32_combine(m_crc, piece->crc, static_cast<z_off_t>(piece->plain_size)));
  m_plain_size += piece->plain_size;
  const std::string* bytes = &piece->bytes;
  m_buffers.emplace_back(std::move(piece), bytes);
}

void GzipJoiner::add_plain(std::string_view plain) {
  add(std::make_shared<const DeflatedPiece>(deflate_piece(plain)));
}

std::vector<GzipJoiner::Buffer> GzipJoiner::finish() {
  std::string trailer("\x03\x00", 2);  // an empty final block
  append_little_endian(trailer, m_crc);
  append_little_endian(trailer, static_cast<std::uint32_t>(m_plain_size));
  m_buffers.push_back(std::make_shared<const std::string>(std::move(trailer)));
  return std::exchange(m_buffers, {});
}

}  // namespace pulse2::catalog
