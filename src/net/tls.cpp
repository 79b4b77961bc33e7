#include "net/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <new>
#include <string_view>
#include <utility>
#include <vector>

#include "net/pem.hpp"

namespace pulse2::net {

using base::Expected;

namespace {

/// Demands a certificate signed by one of the authorities in the file.
Expected<void> verify_clients(SSL_CTX* context, const PemFile& authority) {
  PULSE2_TRY(trust(context, authority));
  for (const auto& each : authority.certificates)
    SSL_CTX_add_client_CA(context, each.get());
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

/// Whether the kernel knows the upper layer protocol "tls" (module tls loaded).
bool kernel_knows_tls() {
  std::ifstream list("/proc/sys/net/ipv4/tcp_available_ulp");
  const std::vector<std::string> names{std::istream_iterator<std::string>(list), {}};
  return std::find(names.begin(), names.end(), "tls") != names.end();
}

/// Old clients that lack all of these can be given others by option.
constexpr const char* k_strong_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

Expected<void> choose_ciphers(SSL_CTX* context, const std::string& list) {
  const bool known =
      SSL_CTX_set_cipher_list(context, list.empty() ? k_strong_ciphers : list.c_str()) == 1;
  ERR_clear_error();
  if (known) return {};
  return base::fail(base::ErrorKind::invalid_argument,
                    "ciphers = " + list + ": none of them is known");
}

ContextPtr make_context() {
  ContextPtr context(SSL_CTX_new(TLS_server_method()));
  if (!context) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  // One ticket, as after a resumption, where the library would make two.
  SSL_CTX_set_num_tickets(context.get(), 1);
  // Records come with one system call, not with two each.
  SSL_CTX_set_read_ahead(context.get(), 1);
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
    return bad_pem(certificate.path, "no certificate in it");
  }
  if (!key.key) {
    return bad_pem(settings.key, "no private key in it, nor in " + settings.certificate);
  }
  auto context = make_context();
  if (auto chosen = choose_ciphers(context.get(), settings.ciphers); !chosen) {
    return tl::unexpected(std::move(chosen).error());
  }
  if (auto used = use_identity(context.get(), certificate, key); !used) {
    return tl::unexpected(std::move(used).error());
  }
  if (settings.verify_peer) {
    if (auto used = verify_clients(context.get(), *first); !used) {
      return tl::unexpected(std::move(used).error());
    }
  }
  auto description = describe_certificate(certificate.certificates.front().get());
  return std::shared_ptr<const TlsContext>(
      new TlsContext(context.release(), std::move(description)));
}

}  // namespace pulse2::net
