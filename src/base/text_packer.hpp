#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pulse2::base {

/// Keeps texts small that resemble a sample: LZ4 with the sample as its dictionary, because it is
/// unpacked many times as fast as zlib inflates (docs/performance.md). Immutable: for any thread.
class TextPacker {
 public:
  /// Only the last 64 KiB of the sample are used.
  explicit TextPacker(std::string_view sample) : m_sample(sample) {}

  /// `text`: less than 2 GB (LZ4_MAX_INPUT_SIZE).
  [[nodiscard]] std::string pack(std::string_view text) const;
  /// Appends the text of which a packer of the same sample made `packed`; `size` is the text's, in
  /// bytes. Throws std::invalid_argument for bytes that are something else.
  void unpack(std::string_view packed, std::size_t size, std::string& out) const;

 private:
  std::string m_sample;
};

}  // namespace pulse2::base
