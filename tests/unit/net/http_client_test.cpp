#include "net/http_client.hpp"

#include <gmock/gmock.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "certificates.hpp"
#include "net/server.hpp"
#include "run_coroutine.hpp"

namespace pulse2::net {
namespace {

using base::ErrorKind;
using base::Expected;
using test::certificate_pem;
using test::Identity;
using test::key_pem;
using test::make_identity;
using testing::HasSubstr;

/// Answers with what it got, and remembers from which ports. "/slow" takes longer than the clients
/// here wait, "/close" closes afterwards.
class Listener : public Handler {
 public:
  Listener() {
    m_open.methods = {"POST"};
    m_secret = m_open;
    m_secret.authenticate = true;
  }
  const Rules& rules(const http::RequestHead& head, const Peer& /*peer*/) const override {
    return head.path == "/secret" ? m_secret : m_open;
  }
  boost::asio::awaitable<http::Response> respond(const Request& request) override {
    {
      const std::lock_guard lock(m_mutex);
      m_ports.insert(request.peer.port);
    }
    if (request.head.path == "/slow") {
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
      timer.expires_after(std::chrono::seconds(60));
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    http::Response response;
    response.close = request.head.path == "/close";
    response.headers.push_back({"Content-Type", "text/plain"});
    response.body = std::string(request.body) + "|" + std::string(request.head.header("X-Test")) +
                    "|" + request.peer.certificate_subject;
    co_return response;
  }
  std::size_t connections() {
    const std::lock_guard lock(m_mutex);
    return m_ports.size();
  }

 private:
  Rules m_open;
  Rules m_secret;
  std::mutex m_mutex;
  std::set<std::uint16_t> m_ports;
};

class HttpClientTest : public testing::Test {
 protected:
  void SetUp() override {
    m_root = std::filesystem::temp_directory_path() /
             ("pulse2-client-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(m_root);
    write("server.pem", key_pem(m_server_identity) + certificate_pem(m_server_identity));
    write("client.pem", key_pem(m_client_identity) + certificate_pem(m_client_identity));
    write("ca.pem", certificate_pem(m_authority));
    write("other.pem", certificate_pem(make_identity("other")));
  }
  void TearDown() override {
    m_client.reset();
    m_server.reset();
    std::filesystem::remove_all(m_root);
  }
  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(m_root / name, std::ios::binary) << bytes;
  }
  std::string path(const std::string& name) const { return (m_root / name).string(); }

  void start(bool tls = false, std::uint16_t port = 0) {
    m_server.reset();
    SiteOptions site;
    site.username = "mmc";
    site.password = "s3cr3t";
    site.routes = {{"/", Match::exact_or_below, m_listener}};
    for (const char* each : {"/slow", "/close", "/secret"})
      site.routes.push_back({each, Match::exact, m_listener});
    ServerOptions options;
    options.hosts = {"127.0.0.1"};
    options.port = port;
    options.threads = 1;
    if (tls) options.tls = TlsContext::load({path("ca.pem"), path("server.pem"), true}).value();
    m_server =
        std::make_unique<Server>(std::move(options), std::make_shared<const Site>(std::move(site)));
    ASSERT_TRUE(m_server->bind().has_value());
    m_server->start();
  }

  HttpClientOptions options() const {
    HttpClientOptions options;
    options.host = "127.0.0.1";
    options.port = m_server ? m_server->port() : 1;
    options.answer_timeout = std::chrono::seconds(20);
    return options;
  }
  HttpClientOptions tls_options(const std::string& authority) const {
    HttpClientOptions options = this->options();
    options.tls = true;
    options.verify_peer = true;
    options.authority = path(authority);
    options.identity = path("client.pem");
    return options;
  }

  Expected<ClientResponse> post(const std::string& target, const std::string& body) {
    return test::run_coroutine(m_io, m_client->post(target, {{"X-Test", "yes"}}, body));
  }
  void use(HttpClientOptions options) {
    m_client = HttpClient::create(m_io.get_executor(), std::move(options)).value();
  }

  std::filesystem::path m_root;
  Identity m_authority = make_identity("authority");
  Identity m_server_identity = make_identity("server", 1, &m_authority);
  Identity m_client_identity = make_identity("the client", 1, &m_authority);
  std::shared_ptr<Listener> m_listener = std::make_shared<Listener>();
  std::unique_ptr<Server> m_server;
  boost::asio::io_context m_io;
  std::unique_ptr<HttpClient> m_client;
};

TEST_F(HttpClientTest, ConnectionsAreUsedAgain) {
  start();
  use(options());
  for (int i = 0; i < 5; ++i) {
    const auto answer = post("/", "body " + std::to_string(i));
    ASSERT_TRUE(answer.has_value()) << answer.error().for_operator();
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->body, "body " + std::to_string(i) + "|yes|");
  }
  EXPECT_EQ(m_listener->connections(), 1U);
  EXPECT_EQ(post("/close", "").value().status, 200);
  EXPECT_EQ(post("/", "").value().status, 200);
  EXPECT_EQ(m_listener->connections(), 2U);
}

TEST_F(HttpClientTest, AConnectionThatTheServerClosedIsReplaced) {
  start();
  use(options());
  ASSERT_EQ(post("/", "first").value().status, 200);
  start(false, m_server->port());
  const auto answer = post("/", "second");
  ASSERT_TRUE(answer.has_value()) << answer.error().for_operator();
  EXPECT_EQ(answer->body, "second|yes|");
}

TEST_F(HttpClientTest, CredentialsAreSent) {
  start();
  use(options());
  EXPECT_EQ(post("/secret", "").value().status, 401);
  auto with = options();
  with.username = "mmc";
  with.password = "s3cr3t";
  use(std::move(with));
  EXPECT_EQ(post("/secret", "").value().status, 200);
}

TEST_F(HttpClientTest, AnAbsentServerIsUnavailable) {
  use(options());
  EXPECT_EQ(post("/", "").error().kind, ErrorKind::unavailable);
}

TEST_F(HttpClientTest, ASlowAnswerTimesOut) {
  start();
  auto hasty = options();
  hasty.answer_timeout = std::chrono::seconds(1);
  use(std::move(hasty));
  EXPECT_EQ(post("/slow", "").error().kind, ErrorKind::timed_out);
  EXPECT_EQ(post("/", "").value().status, 200);
}

TEST_F(HttpClientTest, ALongAnswerIsRefused) {
  start();
  auto small = options();
  small.max_answer = 100;
  use(std::move(small));
  EXPECT_EQ(post("/", std::string(200, 'x')).error().kind, ErrorKind::limit_exceeded);
}

TEST_F(HttpClientTest, SeveralRequestsAreUnderWayAndMoreWait) {
  start();
  auto two = options();
  two.max_connections = 2;
  use(std::move(two));
  int answered = 0;
  for (int i = 0; i < 10; ++i) {
    boost::asio::co_spawn(
        m_io,
        [&]() -> boost::asio::awaitable<void> {
          const auto answer = co_await m_client->post("/", {}, "x");
          if (answer && answer->status == 200) ++answered;
        },
        boost::asio::detached);
  }
  while (answered < 10 && m_io.run_one() > 0) {
  }
  EXPECT_EQ(answered, 10);
  EXPECT_EQ(m_listener->connections(), 2U);
}

TEST_F(HttpClientTest, CancelEndsWhatGoesOn) {
  start();
  use(options());
  boost::asio::steady_timer soon(m_io, std::chrono::milliseconds(50));
  soon.async_wait([this](const auto& /*error*/) { m_client->cancel(); });
  EXPECT_EQ(post("/slow", "").error().kind, ErrorKind::cancelled);
  EXPECT_EQ(post("/", "").error().kind, ErrorKind::cancelled);
}

TEST_F(HttpClientTest, BothSidesShowTheirCertificates) {
  start(true);
  use(tls_options("ca.pem"));
  const auto answer = post("/", "hello");
  ASSERT_TRUE(answer.has_value()) << answer.error().for_operator();
  EXPECT_THAT(answer->body, HasSubstr("CN=the client"));
  EXPECT_EQ(post("/", "again").value().status, 200);
  EXPECT_EQ(m_listener->connections(), 1U);
}

TEST_F(HttpClientTest, ACertificateOfAnotherAuthorityIsRefused) {
  start(true);
  use(tls_options("other.pem"));
  EXPECT_EQ(post("/", "hello").error().kind, ErrorKind::permission_denied);
  EXPECT_EQ(m_listener->connections(), 0U);
}

TEST_F(HttpClientTest, WithoutACertificateOfOursTheServerRefuses) {
  start(true);
  auto bare = tls_options("ca.pem");
  bare.verify_peer = false;
  use(std::move(bare));
  EXPECT_FALSE(post("/", "hello").has_value());
  EXPECT_EQ(m_listener->connections(), 0U);
}

TEST_F(HttpClientTest, FilesThatDoNotFitAreNamed) {
  start(true);
  auto wrong = tls_options("ca.pem");
  wrong.identity = path("ca.pem");
  const auto client = HttpClient::create(m_io.get_executor(), wrong);
  ASSERT_FALSE(client.has_value());
  EXPECT_THAT(client.error().message, HasSubstr("ca.pem"));
}

}  // namespace
}  // namespace pulse2::net
