#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "base/ip_address.hpp"
#include "doctor/probes.hpp"
#include "net/pem.hpp"
#include "net/tls.hpp"
#include "os/file.hpp"

namespace pulse2::doctor {
namespace {

constexpr int k_days_to_renew = 30;

using StorePtr = std::unique_ptr<X509_STORE, net::Deleter<X509_STORE_free>>;
using VerificationPtr = std::unique_ptr<X509_STORE_CTX, net::Deleter<X509_STORE_CTX_free>>;

std::string name_text(const X509_NAME* name) {
  char* text = X509_NAME_oneline(name, nullptr, 0);
  std::string result = text == nullptr ? "" : text;
  OPENSSL_free(text);
  return result;
}

/// Whole days until the certificate ends, negative when it has.
int days_left(const X509* certificate) {
  int days = 0;
  int seconds = 0;
  ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(certificate));
  return days;
}

bool is_self_signed(X509* certificate) {
  return X509_check_issued(certificate, certificate) == X509_V_OK;
}

Finding look_at_end(const X509* certificate) {
  const int days = days_left(certificate);
  const std::string text =
      net::describe_certificate(certificate) + ", " + std::to_string(days) + " days left";
  if (days >= k_days_to_renew) return good(text);
  return doubt(text, "renew it, put the new files in place and reload the server (SIGHUP)");
}

/// Nothing when a client that trusts the system's authorities, or the file's own, can verify it.
std::optional<Finding> look_at_chain(X509* certificate, STACK_OF(X509) * chain) {
  const StorePtr store(X509_STORE_new());
  X509_STORE_set_default_paths(store.get());
  if (is_self_signed(certificate)) X509_STORE_add_cert(store.get(), certificate);
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    X509* each = sk_X509_value(chain, i);
    if (is_self_signed(each)) X509_STORE_add_cert(store.get(), each);
  }
  const VerificationPtr verification(X509_STORE_CTX_new());
  X509_STORE_CTX_init(verification.get(), store.get(), certificate, chain);
  if (X509_verify_cert(verification.get()) == 1) return std::nullopt;
  const int error = X509_STORE_CTX_get_error(verification.get());
  X509* at = X509_STORE_CTX_get_current_cert(verification.get());
  const std::string subject = name_text(X509_get_subject_name(at == nullptr ? certificate : at));
  if (error == X509_V_ERR_CERT_HAS_EXPIRED) {
    return fault("the chain is of no use: the certificate of " + subject + " has expired",
                 "put the authority's present certificate into the file");
  }
  if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
      error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT) {
    return doubt("the chain ends at " + subject + "; its issuer " +
                     name_text(X509_get_issuer_name(at == nullptr ? certificate : at)) +
                     " is neither in the file nor known to this machine",
                 "append the issuer's certificate to the file, unless all clients have it");
  }
  return doubt("the chain can't be verified: " + std::string(X509_verify_cert_error_string(error)) +
                   " (" + subject + ")",
               "have the certificate issued anew");
}

std::optional<Finding> look_at_name(X509* certificate, const std::string& host) {
  const bool is_address = base::IpAddress::parse(host).has_value();
  const int fits = is_address ? X509_check_ip_asc(certificate, host.c_str(), 0)
                              : X509_check_host(certificate, host.data(), host.size(), 0, nullptr);
  if (fits == 1) return std::nullopt;
  return doubt("it does not name " + host + ", which stands in the URLs that clients get",
               "have it issued for that name, or set [main] public_ip to the name it has");
}

/// The key is as safe as its file.
std::optional<Finding> look_at_rights(const std::string& path) {
  const auto file = net::read_pem(path);
  const auto status = os::status_of(path);
  if (!file || !file->key || !status || (status->mode & S_IRWXO) == 0) return std::nullopt;
  return fault(path + " holds the private key and everybody may read or change it",
               "chmod o= " + path);
}

std::optional<Finding> look_at_renewal(const Subject& subject) {
  for (const auto& path : {subject.settings().ssl.cacert, subject.settings().ssl.localcert}) {
    if (is_readable_later(subject, path)) continue;
    return doubt("user " + subject.account->name + " may not read " + path +
                     ": a new one counts from the next start on, not by SIGHUP",
                 "give a group of that user the right to read it, or restart the server to renew");
  }
  return std::nullopt;
}

}  // namespace

Findings probe_certificate(const Subject& subject) {
  const auto& ssl = subject.settings().ssl;
  if (!ssl.enablessl) {
    return {doubt("HTTP without encryption: passwords and packages go over the wire as they are",
                  "set [ssl] enablessl = 1, unless a proxy in front of the server encrypts")};
  }
  const auto tls = net::TlsContext::load({ssl.cacert, ssl.localcert, ssl.verifypeer, ssl.ciphers});
  if (!tls) {
    return {fault("[ssl] " + tls.error().for_operator(),
                  "put a valid certificate with its key where [ssl] cacert and localcert say")};
  }
  X509* certificate = SSL_CTX_get0_certificate((*tls)->native());
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs((*tls)->native(), &chain);
  Findings findings{look_at_end(certificate)};
  const auto add = [&findings](std::optional<Finding> finding) {
    if (finding) findings.push_back(*std::move(finding));
  };
  add(look_at_chain(certificate, chain));
  add(look_at_name(certificate, subject.public_host));
  add(look_at_rights(ssl.localcert));
  if (ssl.cacert != ssl.localcert) add(look_at_rights(ssl.cacert));
  add(look_at_renewal(subject));
  return findings;
}

}  // namespace pulse2::doctor
