#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pulse2::catalog {

/// Bytes compressed so that pieces can be joined: raw deflate that ends on a byte boundary, is not
/// final and refers to nothing before it.
struct DeflatedPiece {
  std::string bytes;
  std::uint32_t crc = 0;  ///< CRC-32 of the plain bytes
  std::uint64_t plain_size = 0;
};

[[nodiscard]] DeflatedPiece deflate_piece(std::string_view plain);

/// Joins pieces to ONE gzip member (clients such as PHP and older curls stop after the first).
/// Buffers are shared, not copied: made for gathering writes.
class GzipJoiner {
 public:
  using Buffer = std::shared_ptr<const std::string>;

  GzipJoiner();
  /// Adds a piece, sharing its ownership.
  void add(std::shared_ptr<const DeflatedPiece> piece);
  /// Compresses and adds a text.
  void add_plain(std::string_view plain);
  /// Appends the trailer and hands out the buffers; the joiner is spent.
  [[nodiscard]] std::vector<Buffer> finish();

 private:
  std::vector<Buffer> m_buffers;
  std::uint32_t m_crc = 0;
  std::uint64_t m_plain_size = 0;
};

}  // namespace pulse2::catalog
