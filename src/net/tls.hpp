#pragma once

#include <memory>
#include <string>

#include "base/error.hpp"

struct ssl_ctx_st;

namespace pulse2::net {

/// The two files of section [ssl]. Whichever holds the certificate (chain) and whichever the key is
/// found out by looking.
struct TlsSettings {
  std::string certificate;   ///< path; option cacert
  std::string key;           ///< path; option localcert
  bool verify_peer = false;  ///< only clients with a certificate signed by `certificate`
  /// Cipher list for TLS 1.2 as OpenSSL reads it; empty: those with forward secrecy and
  /// authenticated encryption. TLS 1.3 has no others.
  std::string ciphers = {};
  bool operator==(const TlsSettings&) const = default;
};

/// A loaded certificate with everything that new connections need. Immutable and shared.
class TlsContext {
 public:
  /// Errors: `not_found`, `permission_denied` or `io` for a file that cannot be read,
  /// `invalid_argument` for one without what is needed, for an expired or not yet valid certificate
  /// and for a key that does not belong to it (each message names the file), and for a list of
  /// unknown ciphers.
  [[nodiscard]] static base::Expected<std::shared_ptr<const TlsContext>> load(
      const TlsSettings& settings);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  [[nodiscard]] ssl_ctx_st* native() const noexcept { return m_context; }
  /// The kernel can encrypt: connections try to hand their records over to it.
  [[nodiscard]] bool kernel_tls() const noexcept;
  /// "CN=…, valid until …" for the start-up log.
  [[nodiscard]] const std::string& description() const noexcept { return m_description; }

 private:
  TlsContext(ssl_ctx_st* context, std::string description);
  ssl_ctx_st* m_context;
  std::string m_description;
};

}  // namespace pulse2::net
