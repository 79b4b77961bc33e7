#include "net/tls.hpp"

#include <gmock/gmock.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <filesystem>
#include <fstream>

#include "certificates.hpp"
#include "client.hpp"
#include "net/file_tree.hpp"
#include "net/server.hpp"
#include "numbered_lines.hpp"

namespace pulse2::net {
namespace {

using test::certificate_pem;
using test::Client;
using test::Identity;
using test::key_pem;
using test::make_identity;
using testing::HasSubstr;
using testing::StartsWith;

class TlsTest : public testing::Test {
 protected:
  void SetUp() override {
    m_root = std::filesystem::temp_directory_path() /
             ("pulse2-tls-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(m_root);
    std::filesystem::create_directories(m_root / "tree");
    write("cert.pem", certificate_pem(m_own));
    write("key.pem", key_pem(m_own));
    write("both.pem", key_pem(m_own) + certificate_pem(m_own));
    write("ca.pem", certificate_pem(m_authority));
  }
  void TearDown() override {
    m_server.reset();
    std::filesystem::remove_all(m_root);
  }

  std::string write(const std::string& name, const std::string& bytes) {
    std::ofstream(m_root / name, std::ios::binary) << bytes;
    return path(name);
  }
  std::string path(const std::string& name) const { return (m_root / name).string(); }

  /// The message of the refusal; empty when the files are accepted.
  std::string refusal(const std::string& certificate, const std::string& key,
                      bool verify_peer = false) {
    const auto loaded = TlsContext::load({path(certificate), path(key), verify_peer});
    return loaded ? "" : loaded.error().for_operator();
  }

  void start(const std::string& certificate, const std::string& key, bool verify_peer = false,
             bool try_kernel = false) {
    auto tls = TlsContext::load({path(certificate), path(key), verify_peer});
    ASSERT_TRUE(tls.has_value()) << tls.error().message;
    if (try_kernel) SSL_CTX_set_options((*tls)->native(), SSL_OP_ENABLE_KTLS);
    SiteOptions site;
    site.routes = {
        {"/files", Match::tree, std::make_shared<FileTree>((m_root / "tree").string(), "/files")},
        {"/lines", Match::exact_or_below, std::make_shared<test::LinesHandler>()}};
    ServerOptions options;
    options.hosts = {"127.0.0.1"};
    options.threads = 1;
    options.tls = *tls;
    m_server =
        std::make_unique<Server>(std::move(options), std::make_shared<const Site>(std::move(site)));
    ASSERT_TRUE(m_server->bind().has_value());
    m_server->start();
  }

  std::filesystem::path m_root;
  Identity m_own = make_identity("server");
  Identity m_authority = make_identity("authority");
  std::unique_ptr<Server> m_server;
};

/// A TLS client that remembers its session.
class TlsClient {
 public:
  explicit TlsClient(int version) : m_context(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(m_context, version);
    SSL_CTX_set_max_proto_version(m_context, version);
  }
  ~TlsClient() {
    SSL_SESSION_free(m_session);
    SSL_CTX_free(m_context);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  void use(const Identity& identity) {
    SSL_CTX_use_certificate(m_context, identity.certificate.get());
    SSL_CTX_use_PrivateKey(m_context, identity.key.get());
  }

  /// The answer to one request on a connection of its own; empty when TLS fails.
  std::string get(std::uint16_t port, const std::string& target) {
    Client client(port);
    SSL* ssl = SSL_new(m_context);
    SSL_set_fd(ssl, client.fd());
    if (m_session != nullptr) SSL_set_session(ssl, m_session);
    std::string answer;
    const auto request = "GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    if (SSL_connect(ssl) == 1 &&
        SSL_write(ssl, request.data(), static_cast<int>(request.size())) > 0) {
      std::array<char, 16384> bytes;
      for (int size = 0; (size = SSL_read(ssl, bytes.data(), bytes.size())) > 0;)
        answer.append(bytes.data(), static_cast<std::size_t>(size));
    }
    m_resumed = SSL_session_reused(ssl) == 1;
    SSL_SESSION_free(m_session);
    m_session = SSL_get1_session(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    ERR_clear_error();
    return answer;
  }
  [[nodiscard]] bool resumed() const { return m_resumed; }

 private:
  SSL_CTX* m_context;
  SSL_SESSION* m_session = nullptr;
  bool m_resumed = false;
};

TEST_F(TlsTest, FindsCertificateAndKeyInWhicheverFile) {
  EXPECT_EQ(refusal("cert.pem", "key.pem"), "");
  EXPECT_EQ(refusal("key.pem", "cert.pem"), "");
  EXPECT_EQ(refusal("both.pem", "both.pem"), "");
  EXPECT_EQ(refusal("ca.pem", "both.pem", true), "");
}

TEST_F(TlsTest, SaysWhatIsWrongWithTheFiles) {
  const auto old = make_identity("old", -1);
  write("expired.pem", certificate_pem(old) + key_pem(old));
  write("empty.pem", "");
  write("damaged.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  write("other.pem", key_pem(m_authority));
  EXPECT_THAT(refusal("none.pem", "key.pem"), HasSubstr("none.pem"));
  EXPECT_THAT(refusal("cert.pem", "none.pem"), HasSubstr("none.pem"));
  EXPECT_THAT(refusal("expired.pem", "expired.pem"),
              AllOf(HasSubstr("expired.pem"), HasSubstr("expired on")));
  EXPECT_THAT(refusal("cert.pem", "other.pem"),
              AllOf(HasSubstr("other.pem"), HasSubstr("does not belong")));
  EXPECT_THAT(refusal("empty.pem", "key.pem"), HasSubstr("no certificate"));
  EXPECT_THAT(refusal("cert.pem", "empty.pem"), HasSubstr("no private key"));
  EXPECT_THAT(refusal("damaged.pem", "key.pem"), HasSubstr("damaged"));
  EXPECT_THAT(refusal("ca.pem", "key.pem", true), HasSubstr("no certificate"));
}

TEST_F(TlsTest, ServesFilesOverBothVersions) {
  start("cert.pem", "key.pem");
  for (const std::size_t size : {0UL, 5UL, 9000UL, (9UL << 20) + 1}) {
    const std::string bytes(size, 'x');
    write("tree/file", bytes);
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
      TlsClient client(version);
      const auto answer = client.get(m_server->port(), "/files/file");
      EXPECT_THAT(answer.substr(0, 50), StartsWith("HTTP/1.1 200 "));
      EXPECT_TRUE(answer.substr(answer.find("\r\n\r\n") + 4) == bytes) << size;
    }
  }
}

// As where the module tls is loaded, but a connection's cipher, or the module's limits, are not for
// it. Where the kernel does encrypt, its own way is taken here.
TEST_F(TlsTest, ServesWholeFilesWhenTheKernelDeclinesToEncrypt) {
  start("cert.pem", "key.pem", false, true);
  std::string bytes(1UL << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>('a' + i / 1000 % 26);
  write("tree/file", bytes);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(version);
    const auto answer = client.get(m_server->port(), "/files/file");
    EXPECT_TRUE(answer.substr(answer.find("\r\n\r\n") + 4) == bytes) << answer.size();
  }
}

TEST_F(TlsTest, SendsTextsThatAreMadeMeanwhile) {
  start("cert.pem", "key.pem");
  TlsClient client(TLS1_3_VERSION);
  const auto answer = client.get(m_server->port(), "/lines");
  EXPECT_TRUE(answer.substr(answer.find("\r\n\r\n") + 4) == test::NumberedLines::text())
      << answer.size();
}

TEST_F(TlsTest, ResumesSessions) {
  start("cert.pem", "key.pem");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(version);
    EXPECT_THAT(client.get(m_server->port(), "/files/"), StartsWith("HTTP/1.1 200 "));
    EXPECT_FALSE(client.resumed());
    EXPECT_THAT(client.get(m_server->port(), "/files/"), StartsWith("HTTP/1.1 200 "));
    EXPECT_TRUE(client.resumed());
  }
}

TEST_F(TlsTest, AsksForClientCertificates) {
  start("ca.pem", "both.pem", true);
  const auto good = make_identity("good client", 1, &m_authority);
  const auto stranger = make_identity("stranger");
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient without(version);
    EXPECT_EQ(without.get(m_server->port(), "/files/"), "");
    TlsClient refused(version);
    refused.use(stranger);
    EXPECT_EQ(refused.get(m_server->port(), "/files/"), "");
    TlsClient accepted(version);
    accepted.use(good);
    EXPECT_THAT(accepted.get(m_server->port(), "/files/"), StartsWith("HTTP/1.1 200 "));
    EXPECT_THAT(accepted.get(m_server->port(), "/files/"), StartsWith("HTTP/1.1 200 "));
    EXPECT_TRUE(accepted.resumed());
  }
}

TEST_F(TlsTest, EndsPlainTextConnections) {
  start("cert.pem", "key.pem");
  Client client(m_server->port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(client.rest().find("HTTP/1.1"), std::string::npos);
}

TEST_F(TlsTest, TakesANewCertificateWhileItRuns) {
  start("cert.pem", "key.pem");
  const auto next = make_identity("next");
  write("next.pem", certificate_pem(next) + key_pem(next));
  auto tls = TlsContext::load({path("next.pem"), path("next.pem"), false});
  ASSERT_TRUE(tls.has_value());
  EXPECT_THAT((*tls)->description(), HasSubstr("CN=next"));
  m_server->set_tls(*tls);
  TlsClient client(TLS1_3_VERSION);
  EXPECT_THAT(client.get(m_server->port(), "/files/"), StartsWith("HTTP/1.1 200 "));
}

}  // namespace
}  // namespace pulse2::net
