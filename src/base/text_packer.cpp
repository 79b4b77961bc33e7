#include "base/text_packer.hpp"

#include <lz4.h>

#include <stdexcept>

namespace pulse2::base {

std::string TextPacker::pack(std::string_view text) const {
  LZ4_stream_t stream;
  LZ4_initStream(&stream, sizeof stream);
  LZ4_loadDict(&stream, m_sample.data(), static_cast<int>(m_sample.size()));
  const auto size = static_cast<int>(text.size());
  std::string packed(static_cast<std::size_t>(LZ4_compressBound(size)), '\0');
  const int packed_size = LZ4_compress_fast_continue(&stream, text.data(), packed.data(), size,
                                                     static_cast<int>(packed.size()), 1);
  if (packed_size <= 0) throw std::length_error("a text of 2 GB can't be packed");
  return {packed.data(), static_cast<std::size_t>(packed_size)};
}

void TextPacker::unpack(std::string_view packed, std::size_t size, std::string& out) const {
  const std::size_t begin = out.size();
  out.resize(begin + size);
  const int unpacked = LZ4_decompress_safe_usingDict(
      packed.data(), out.data() + begin, static_cast<int>(packed.size()), static_cast<int>(size),
      m_sample.data(), static_cast<int>(m_sample.size()));
  if (unpacked >= 0 && static_cast<std::size_t>(unpacked) == size) return;
  throw std::invalid_argument("a packed text of another sample");
}

}  // namespace pulse2::base
