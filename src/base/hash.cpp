#include "base/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <new>

namespace pulse2::base {

namespace {

/// Fetched once: EVP_md5() is looked up in the provider, under a lock, at each initialisation.
const EVP_MD* md5_algorithm() {
  static const EVP_MD* const k_algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return k_algorithm;
}

}  // namespace

struct Md5::Context {
  Context() : evp(EVP_MD_CTX_new()) {
    if (evp == nullptr) throw std::bad_alloc();
    EVP_DigestInit_ex(evp, md5_algorithm(), nullptr);
  }
  ~Context() { EVP_MD_CTX_free(evp); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  EVP_MD_CTX* evp;
};

Md5::Md5() : m_context(std::make_unique<Context>()) {}
Md5::~Md5() = default;
Md5::Md5(Md5&&) noexcept = default;
Md5& Md5::operator=(Md5&&) noexcept = default;

void Md5::update(std::string_view bytes) {
  EVP_DigestUpdate(m_context->evp, bytes.data(), bytes.size());
}

Md5Digest Md5::finish() {
  Md5Digest digest{};
  EVP_DigestFinal_ex(m_context->evp, digest.data(), nullptr);
  EVP_DigestInit_ex(m_context->evp, md5_algorithm(), nullptr);
  return digest;
}

Md5Digest md5(std::string_view bytes) {
  // Kept: making a context takes longer than the hash of a short text.
  thread_local Md5 hash;
  hash.update(bytes);
  return hash.finish();
}

std::string md5_hex(std::string_view bytes) {
  return to_hex(md5(bytes));
}

std::string sha1_hex(std::string_view bytes) {
  std::array<unsigned char, 20> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha1(), nullptr);
  return to_hex(digest);
}

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view k_digits = "0123456789abcdef";
  std::string text(size * 2, '0');
  for (std::size_t i = 0; i < size; ++i) {
    text[2 * i] = k_digits[bytes[i] >> 4];
    text[2 * i + 1] = k_digits[bytes[i] & 15];
  }
  return text;
}

std::uint64_t stable_hash(std::string_view bytes) noexcept {
  // FNV-1a, then the finaliser of MurmurHash3: FNV alone mixes its last bytes badly.
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001b3U;
  }
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdU;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53U;
  hash ^= hash >> 33;
  return hash;
}

bool constant_time_equal(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace pulse2::base
