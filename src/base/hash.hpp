#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace pulse2::base {

using Md5Digest = std::array<unsigned char, 16>;

/// MD5 of bytes that arrive in parts (OpenSSL EVP). Not for security: the package formats ask for
/// it.
class Md5 {
 public:
  Md5();
  ~Md5();
  Md5(Md5&&) noexcept;
  Md5& operator=(Md5&&) noexcept;

  void update(std::string_view bytes);
  /// Ends the computation; the object starts afresh afterwards.
  [[nodiscard]] Md5Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> m_context;
};

[[nodiscard]] Md5Digest md5(std::string_view bytes);
/// 32 lower-case hexadecimal digits.
[[nodiscard]] std::string md5_hex(std::string_view bytes);
/// 40 lower-case hexadecimal digits.
[[nodiscard]] std::string sha1_hex(std::string_view bytes);

/// Lower-case hexadecimal digits, two for each byte.
[[nodiscard]] std::string to_hex(const unsigned char* bytes, std::size_t size);
template <std::size_t Size>
[[nodiscard]] std::string to_hex(const std::array<unsigned char, Size>& bytes) {
  return to_hex(bytes.data(), Size);
}

/// A well-mixed 64-bit hash, the same on every machine and in every version (rendezvous hashing).
[[nodiscard]] std::uint64_t stable_hash(std::string_view bytes) noexcept;

/// Compares in a time that depends on the lengths only (secrets).
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b) noexcept;

}  // namespace pulse2::base
