#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace pulse2::base {

/// RFC 4648 base64 with padding, without line breaks.
[[nodiscard]] std::string base64_encode(std::string_view bytes);

/// Decodes base64 that arrives in parts; white space anywhere is skipped (RFC 2045).
/// Errors: `malformed` for a character outside the alphabet, for data after the padding and, at the
/// end, for a wrong length.
class Base64Decoder {
 public:
  /// Appends the decoded bytes of this part to `out`.
  Expected<void> feed(std::string_view part, std::string& out);
  /// To be called after the last part.
  [[nodiscard]] Expected<void> finish() const;

 private:
  /// Writes to `to`, which has room, and moves it on.
  Expected<void> decode(std::string_view part, char*& to);
  void end_group(char*& to) noexcept;

  unsigned m_bits = 0;        ///< bits not yet written
  std::size_t m_symbols = 0;  ///< symbols in the current group of four, padding included
  int m_padding = 0;          ///< '=' seen in the current group
  bool m_ended = false;       ///< a padded group was completed
};

[[nodiscard]] Expected<std::string> base64_decode(std::string_view text);

}  // namespace pulse2::base
