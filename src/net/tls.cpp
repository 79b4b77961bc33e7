#include "net/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>
#include <iterator>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "http/date.hpp"
#include "os/file.hpp"

namespace pulse2::net {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::uint64_t k_max_pem = 4ULL << 20;

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using ContextPtr = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using CertificatePtr = std::unique_ptr<X509, Deleter<X509_free>>;

/// The blocks of one PEM file that matter here.
struct PemFile {
  std::string path;
  std::vector<CertificatePtr> certificates;
  KeyPtr key;
};

std::string library_reason() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

tl::unexpected<base::Error> bad_file(const std::string& path, const std::string& what) {
  return base::fail(ErrorKind::invalid_argument, path + ": " + what);
}

BioPtr reader(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key with a pass phrase would ask at the terminal: refused instead.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
}

Expected<PemFile> read_pem(const std::string& path) {
  auto text = os::read_file(path, k_max_pem);
  if (!text) return tl::unexpected(std::move(text).error());
  PemFile file;
  file.path = path;
  const auto certificates = reader(*text);
  while (X509* each = PEM_read_bio_X509_AUX(certificates.get(), nullptr, no_pass_phrase, nullptr))
    file.certificates.emplace_back(each);
  const auto reason = ERR_peek_last_error();
  const bool at_end = ERR_GET_REASON(reason) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  if (!at_end) return bad_file(path, "a certificate in it is damaged");
  const auto keys = reader(*text);
  file.key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (!file.key && text->find("PRIVATE KEY-----") != std::string::npos) {
    return bad_file(path, "the private key in it is damaged or has a pass phrase");
  }
  return file;
}

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  ASN1_TIME_to_tm(time, &parts);
  return static_cast<std::int64_t>(::timegm(&parts));
}

Expected<void> check_validity(const PemFile& file) {
  const X509* certificate = file.certificates.front().get();
  const auto* end = X509_get0_notAfter(certificate);
  const auto* begin = X509_get0_notBefore(certificate);
  if (X509_cmp_current_time(end) < 0) {
    return bad_file(file.path, "the certificate expired on " + http::format_date(seconds_of(end)));
  }
  if (X509_cmp_current_time(begin) > 0) {
    return bad_file(file.path,
                    "the certificate is not valid before " + http::format_date(seconds_of(begin)));
  }
  return {};
}

std::string describe(const X509* certificate) {
  char* text = X509_NAME_oneline(X509_get_subject_name(certificate), nullptr, 0);
  std::string subject = text == nullptr ? "" : text;
  OPENSSL_free(text);
  return subject + ", valid until " +
         http::format_date(seconds_of(X509_get0_notAfter(certificate)));
}

/// Whether the file's first certificate is that of the key.
bool holds_certificate_of(const PemFile& file, const PemFile& key) {
  if (file.certificates.empty() || !key.key) return false;
  const bool fits = X509_check_private_key(file.certificates.front().get(), key.key.get()) == 1;
  ERR_clear_error();
  return fits;
}

/// Installs certificate, chain and key.
Expected<void> use_identity(SSL_CTX* context, const PemFile& certificate, const PemFile& key) {
  PULSE2_TRY(check_validity(certificate));
  if (!holds_certificate_of(certificate, key)) {
    return bad_file(key.path,
                    "the private key does not belong to the certificate of " + certificate.path);
  }
  if (SSL_CTX_use_certificate(context, certificate.certificates.front().get()) != 1) {
    return bad_file(certificate.path, "the certificate is refused: " + library_reason());
  }
  for (std::size_t i = 1; i < certificate.certificates.size(); ++i)
    SSL_CTX_add1_chain_cert(context, certificate.certificates[i].get());
  if (SSL_CTX_use_PrivateKey(context, key.key.get()) != 1) {
    return bad_file(key.path, "the private key is refused: " + library_reason());
  }
  return {};
}

/// Demands a certificate signed by one of the authorities in the file.
Expected<void> verify_clients(SSL_CTX* context, const PemFile& authority) {
  if (authority.certificates.empty()) {
    return bad_file(authority.path, "no certificate of an authority in it");
  }
  PULSE2_TRY(check_validity(authority));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  // The authority itself is trusted, whether or not another one signed it.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  for (const auto& each : authority.certificates) {
    X509_STORE_add_cert(store, each.get());
    SSL_CTX_add_client_CA(context, each.get());
  }
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

/// Whether the kernel knows the upper layer protocol "tls" (module tls loaded).
bool kernel_knows_tls() {
  std::ifstream list("/proc/sys/net/ipv4/tcp_available_ulp");
  const std::vector<std::string> names{std::istream_iterator<std::string>(list), {}};
  return std::find(names.begin(), names.end(), "tls") != names.end();
}

ContextPtr make_context() {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                         SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_NO_COMPRESSION);
  if (kernel_knows_tls()) SSL_CTX_set_options(context.get(), SSL_OP_ENABLE_KTLS);
  // Sessions live in tickets: nothing to keep here. Without an id context a resumption that
  // carries a client certificate fails.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  constexpr std::string_view k_id = "pulse2-package-server";
  SSL_CTX_set_session_id_context(context.get(), reinterpret_cast<const unsigned char*>(k_id.data()),
                                 static_cast<unsigned>(k_id.size()));
  return context;
}

}  // namespace

TlsContext::TlsContext(ssl_ctx_st* context, std::string description)
    : m_context(context), m_description(std::move(description)) {}

TlsContext::~TlsContext() {
  SSL_CTX_free(m_context);
}

bool TlsContext::kernel_tls() const noexcept {
  return (SSL_CTX_get_options(m_context) & SSL_OP_ENABLE_KTLS) != 0;
}

Expected<std::shared_ptr<const TlsContext>> TlsContext::load(const TlsSettings& settings) {
  auto first = read_pem(settings.certificate);
  if (!first) return tl::unexpected(std::move(first).error());
  auto second = read_pem(settings.key);
  if (!second) return tl::unexpected(std::move(second).error());
  // With verify_peer the first file is the authority's, and the second holds certificate and key;
  // without, each file may hold either, and an authority may stand beside the certificate.
  const PemFile& key = second->key ? *second : *first;
  const bool own_file = settings.verify_peer || holds_certificate_of(*second, key);
  const PemFile& certificate = own_file ? *second : *first;
  if (certificate.certificates.empty()) {
    return bad_file(certificate.path, "no certificate in it");
  }
  if (!key.key) {
    return bad_file(settings.key, "no private key in it, nor in " + settings.certificate);
  }
  auto context = make_context();
  if (auto used = use_identity(context.get(), certificate, key); !used) {
    return tl::unexpected(std::move(used).error());
  }
  if (settings.verify_peer) {
    if (auto used = verify_clients(context.get(), *first); !used) {
      return tl::unexpected(std::move(used).error());
    }
  }
  auto description = describe(certificate.certificates.front().get());
  return std::shared_ptr<const TlsContext>(
      new TlsContext(context.release(), std::move(description)));
}

}  // namespace pulse2::net
