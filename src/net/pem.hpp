#pragma once

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "base/error.hpp"

/// PEM files: what is in them and whether it fits together. Each error names the file.
namespace pulse2::net {

/// Gives a library's object back with the library's own function.
template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using ContextPtr = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Deleter<X509_free>>;

/// The blocks of one PEM file that matter here.
struct PemFile {
  std::string path;
  std::vector<CertificatePtr> certificates;
  KeyPtr key;
};

/// Errors: those of reading the file, `invalid_argument` for a damaged certificate or a key that is
/// damaged or has a pass phrase.
[[nodiscard]] base::Expected<PemFile> read_pem(const std::string& path);

/// Whether the file's first certificate is that of the key.
[[nodiscard]] bool holds_certificate_of(const PemFile& file, const PemFile& key);

/// Installs certificate, chain and key. Error `invalid_argument` for a certificate that is not
/// valid now or a key that is not its own.
[[nodiscard]] base::Expected<void> use_identity(SSL_CTX* context, const PemFile& certificate,
                                                const PemFile& key);

/// Trusts peers whose certificate one of those in the file signed.
[[nodiscard]] base::Expected<void> trust(SSL_CTX* context, const PemFile& authority);

/// "CN=…, valid until …", in one line.
[[nodiscard]] std::string describe_certificate(const X509* certificate);

/// `invalid_argument`: "<path>: <what>".
[[nodiscard]] tl::unexpected<base::Error> bad_pem(const std::string& path, const std::string& what);

}  // namespace pulse2::net
