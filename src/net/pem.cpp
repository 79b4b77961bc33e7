#include "net/pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <cstdint>
#include <ctime>

#include "http/date.hpp"
#include "os/file.hpp"

namespace pulse2::net {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::uint64_t k_max_pem = 4ULL << 20;

using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;

std::string library_reason() {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return text.data();
}

BioPtr reader(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// A key with a pass phrase would ask at the terminal: refused instead.
int no_pass_phrase(char*, int, int, void*) {
  return -1;
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
    return bad_pem(file.path, "the certificate expired on " + http::format_date(seconds_of(end)));
  }
  if (X509_cmp_current_time(begin) > 0) {
    return bad_pem(file.path,
                   "the certificate is not valid before " + http::format_date(seconds_of(begin)));
  }
  return {};
}

}  // namespace

tl::unexpected<base::Error> bad_pem(const std::string& path, const std::string& what) {
  return base::fail(ErrorKind::invalid_argument, path + ": " + what);
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
  if (!at_end) return bad_pem(path, "a certificate in it is damaged");
  const auto keys = reader(*text);
  file.key.reset(PEM_read_bio_PrivateKey(keys.get(), nullptr, no_pass_phrase, nullptr));
  ERR_clear_error();
  if (!file.key && text->find("PRIVATE KEY-----") != std::string::npos) {
    return bad_pem(path, "the private key in it is damaged or has a pass phrase");
  }
  return file;
}

std::string describe_certificate(const X509* certificate) {
  char* text = X509_NAME_oneline(X509_get_subject_name(certificate), nullptr, 0);
  std::string subject = text == nullptr ? "" : text;
  OPENSSL_free(text);
  return subject + ", valid until " +
         http::format_date(seconds_of(X509_get0_notAfter(certificate)));
}

bool holds_certificate_of(const PemFile& file, const PemFile& key) {
  if (file.certificates.empty() || !key.key) return false;
  const bool fits = X509_check_private_key(file.certificates.front().get(), key.key.get()) == 1;
  ERR_clear_error();
  return fits;
}

Expected<void> use_identity(SSL_CTX* context, const PemFile& certificate, const PemFile& key) {
  PULSE2_TRY(check_validity(certificate));
  if (!holds_certificate_of(certificate, key)) {
    return bad_pem(key.path,
                   "the private key does not belong to the certificate of " + certificate.path);
  }
  if (SSL_CTX_use_certificate(context, certificate.certificates.front().get()) != 1) {
    return bad_pem(certificate.path, "the certificate is refused: " + library_reason());
  }
  for (std::size_t i = 1; i < certificate.certificates.size(); ++i)
    SSL_CTX_add1_chain_cert(context, certificate.certificates[i].get());
  if (SSL_CTX_use_PrivateKey(context, key.key.get()) != 1) {
    return bad_pem(key.path, "the private key is refused: " + library_reason());
  }
  return {};
}

Expected<void> trust(SSL_CTX* context, const PemFile& authority) {
  if (authority.certificates.empty()) {
    return bad_pem(authority.path, "no certificate of an authority in it");
  }
  PULSE2_TRY(check_validity(authority));
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  // The authority itself is trusted, whether or not another one signed it.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  for (const auto& each : authority.certificates)
    X509_STORE_add_cert(store, each.get());
  return {};
}

}  // namespace pulse2::net
