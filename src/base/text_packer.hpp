#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pulse2::base {

/// Keeps texts small that resemble a sample: what a text shares with the sample, or repeats within
/// itself, is stored as a reference (LZ77, whole bytes). Made to be unpacked within a microsecond
/// or two, where inflating takes ten. Immutable: for any thread. Packed texts stay in memory: they
/// can be unpacked only by a packer of the same sample, and are believed.
class TextPacker {
 public:
  /// Only the last 32 KiB of the sample are used.
  explicit TextPacker(std::string_view sample);

  /// `text`: less than 2 GiB.
  [[nodiscard]] std::string pack(std::string_view text) const;
  /// Appends the text of which `packed` was made; `size` is the text's, in bytes.
  void unpack(std::string_view packed, std::size_t size, std::string& out) const;

 private:
  static constexpr unsigned k_hash_bits = 12;
  /// Where four bytes with that hash were seen last, counted from the sample's begin, plus one.
  using Places = std::array<std::uint32_t, 1U << k_hash_bits>;
  class Writer;

  static std::uint32_t hash_at(const char* bytes) noexcept;

  std::string m_sample;  ///< with bytes at its end that may be read in vain
  std::size_t m_sample_size;
  Places m_places{};  ///< within the sample
};

}  // namespace pulse2::base
