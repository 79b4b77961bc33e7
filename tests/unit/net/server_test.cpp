#include "net/server.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "client.hpp"
#include "net/file_tree.hpp"
#include "numbered_lines.hpp"

namespace pulse2::net {
namespace {

using test::Client;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::atomic<bool> slow_has_begun{false};  ///< the answer to "/echo/slow"

/// Answers with what it got; "/…/slow" after a while, "/…/throw" with an exception, "/…/thread"
/// with the thread's name.
class Echo : public Handler {
 public:
  Echo() {
    m_open.methods = {"POST", "GET"};
    m_open.max_body = 8 << 20;
    m_secret = m_open;
    m_secret.authenticate = true;
  }
  const Rules& rules(const http::RequestHead& head, const Peer& /*peer*/) const override {
    return head.path == "/echo/secret" ? m_secret : m_open;
  }
  boost::asio::awaitable<http::Response> respond(const Request& request) override {
    if (request.head.path == "/echo/throw") throw std::runtime_error("deliberate");
    if (request.head.path == "/echo/slow") {
      slow_has_begun = true;
      boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
      timer.expires_after(std::chrono::seconds(1));
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    http::Response response;
    response.headers.push_back({"Content-Type", "text/plain"});
    if (request.head.path == "/echo/shared") {
      http::SharedBody body;
      const auto piece = std::make_shared<const std::string>(request.body);
      for (int i = 0; i < 1000; ++i)
        body.buffers.push_back(piece);
      response.body = std::move(body);
    } else if (request.head.path == "/echo/thread") {
      std::ostringstream thread;
      thread << std::this_thread::get_id();
      response.body = thread.str();
    } else {
      response.body = std::string(request.body);
    }
    co_return response;
  }

 private:
  Rules m_open;
  Rules m_secret;
};

class ServerTest : public testing::Test {
 protected:
  void SetUp() override {
    slow_has_begun = false;
    m_root = std::filesystem::temp_directory_path() /
             ("pulse2-net-" + std::to_string(::getpid()) + "-" +
              testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::remove_all(m_root);
    std::filesystem::create_directories(m_root / "tree/sub");
    write("tree/a.txt", "hello\n");
    start({});
  }
  void TearDown() override {
    m_server.reset();
    std::filesystem::remove_all(m_root);
  }

  void write(const std::string& name, const std::string& bytes) {
    std::ofstream(m_root / name, std::ios::binary) << bytes;
  }

  std::shared_ptr<const Site> site(Limits limits) {
    SiteOptions options;
    options.limits = limits;
    options.username = "user";
    options.password = "secret";
    options.routes = {
        {"/echo", Match::exact_or_below, std::make_shared<Echo>()},
        {"/lines", Match::exact_or_below, std::make_shared<test::LinesHandler>()},
        {"/files", Match::tree, std::make_shared<FileTree>((m_root / "tree").string(), "/files")}};
    return std::make_shared<const Site>(std::move(options));
  }

  void start(Limits limits) {
    m_server.reset();
    ServerOptions options;
    options.hosts = {"127.0.0.1"};
    options.threads = 2;
    m_server = std::make_unique<Server>(std::move(options), site(limits));
    ASSERT_TRUE(m_server->bind().has_value());
    m_server->start();
  }

  Client connect() { return Client(m_server->port()); }

  std::string ask(const std::string& request) {
    auto client = connect();
    client.send(request);
    return client.rest();
  }

  /// A GET on a connection of its own.
  std::string get(const std::string& path, const std::string& headers = "") {
    return ask("GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + headers + "\r\n");
  }

  std::filesystem::path m_root;
  std::unique_ptr<Server> m_server;
};

std::string body_of(const std::string& answer) {
  return answer.substr(std::min(answer.size(), answer.find("\r\n\r\n") + 4));
}

TEST_F(ServerTest, ServesAFile) {
  const auto answer = get("/files/a.txt");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 6\r\n"));
  EXPECT_THAT(answer, HasSubstr("Content-Type: text/plain\r\n"));
  EXPECT_EQ(body_of(answer), "hello\n");
}

TEST_F(ServerTest, ServesFilesOfEverySize) {
  for (const std::size_t size :
       {0UL, 1UL, 16384UL, 16385UL, 65536UL, 1UL << 20, (20UL << 20) + 3}) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i)
      bytes[i] = static_cast<char>(i * 7 + i / 251);
    write("tree/sized.bin", bytes);
    EXPECT_TRUE(body_of(get("/files/sized.bin")) == bytes) << size;
  }
}

TEST_F(ServerTest, ServesRanges) {
  EXPECT_EQ(body_of(get("/files/a.txt", "Range: bytes=1-3\r\n")), "ell");
  EXPECT_THAT(get("/files/a.txt", "Range: bytes=99-\r\n"), StartsWith("HTTP/1.1 416 "));
  const auto several = get("/files/a.txt", "Range: bytes=0-0,2-2\r\n");
  EXPECT_THAT(several, HasSubstr("multipart/byteranges"));
  EXPECT_THAT(several, EndsWith("--\r\n"));
}

TEST_F(ServerTest, ListsFoldersAndAddsTheirSlash) {
  EXPECT_THAT(get("/files/"), HasSubstr("a.txt"));
  EXPECT_THAT(get("/files/sub?x=1"), AllOf(StartsWith("HTTP/1.1 302 "),
                                           HasSubstr("Location: http://h/files/sub/?x=1\r\n")));
  EXPECT_THAT(get("/files/a.txt/"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(get("/files"), StartsWith("HTTP/1.1 302 "));
  EXPECT_THAT(get("/filesX"), StartsWith("HTTP/1.1 404 "));
}

TEST_F(ServerTest, StaysBelowItsRoot) {
  write("outside.txt", "secret");
  std::filesystem::create_symlink(m_root / "outside.txt", m_root / "tree/link");
  std::filesystem::create_symlink("a.txt", m_root / "tree/inside");
  std::filesystem::create_directories(m_root / "tree/.pulse2-staging");
  write("tree/.pulse2-staging/x", "x");
  EXPECT_THAT(get("/files/link"), StartsWith("HTTP/1.1 404 "));
  EXPECT_EQ(body_of(get("/files/inside")), "hello\n");
  for (const char* path : {"/files/../outside.txt", "/files/..%2foutside.txt",
                           "/files/%2e%2e/outside.txt", "/files/.pulse2-staging/x"}) {
    EXPECT_THAT(get(path), StartsWith("HTTP/1.1 404 ")) << path;
  }
  EXPECT_THAT(get("/files/a.txt%00"), StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(get("/files/"), Not(HasSubstr("staging")));
}

TEST_F(ServerTest, SeesAReplacedFileAtOnceOrWithinItsSecond) {
  EXPECT_EQ(body_of(get("/files/a.txt")), "hello\n");
  write("tree/a.txt", "changed in place\n");
  EXPECT_EQ(body_of(get("/files/a.txt")), "changed in place\n");
}

TEST_F(ServerTest, DealsConnectionsOutEvenly) {
  std::map<std::string, int> of_thread;
  std::vector<Client> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connect());
    clients.back().send("GET /echo/thread HTTP/1.1\r\nHost: h\r\n\r\n");
    ++of_thread[body_of(clients.back().answer())];
  }
  ASSERT_EQ(of_thread.size(), 2U);
  EXPECT_EQ(of_thread.begin()->second, 10);
}

TEST_F(ServerTest, SeesAFileChangedBetweenTwoRequestsOfAConnection) {
  auto client = connect();
  for (int i = 0; i < 20; ++i) {
    const std::string text = "text number " + std::to_string(i);
    write("tree/a.txt", text);
    client.send("GET /files/a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
    EXPECT_EQ(body_of(client.answer()), text);
  }
}

TEST_F(ServerTest, GoesOnWhereTheSocketTookNoMore) {
  // A client that asks for everything before it reads anything.
  const std::string small(12'000, 's');
  const std::string large(300'000, 'l');
  write("tree/small", small);
  write("tree/large", large);
  auto client = connect();
  std::string all;
  for (int i = 0; i < 100; ++i) {
    for (const char* name : {"small", "large"})
      all += std::string("GET /files/") + name + " HTTP/1.1\r\nHost: h\r\n\r\n";
    all += "POST /echo/shared HTTP/1.1\r\nHost: h\r\nContent-Length: 20\r\n\r\n";
    all += std::string(20, 'e');
  }
  client.send(all);
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(body_of(client.answer()) == small) << i;
    ASSERT_TRUE(body_of(client.answer()) == large) << i;
    ASSERT_TRUE(body_of(client.answer()) == std::string(20'000, 'e')) << i;
  }
}

TEST_F(ServerTest, KeepsConnectionsAndAnswersPipelinesInOrder) {
  auto client = connect();
  const std::string request = "GET /files/a.txt HTTP/1.1\r\nHost: h\r\n\r\n";
  const std::string post = "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc";
  std::string all;
  for (int i = 0; i < 50; ++i)
    all += request + post;
  client.send(all);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(body_of(client.answer()), "hello\n");
    EXPECT_EQ(body_of(client.answer()), "abc");
  }
}

TEST_F(ServerTest, AnswersHeadWithoutBody) {
  auto client = connect();
  client.send("HEAD /files/a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.answer(false), HasSubstr("Content-Length: 6\r\n"));
  client.send("GET /files/a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body_of(client.answer()), "hello\n");
}

TEST_F(ServerTest, SpeaksHttp10) {
  EXPECT_THAT(ask("GET /files/a.txt HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.0 200 OK\r\n"));
}

TEST_F(ServerTest, ReadsBodiesOfEveryKind) {
  const std::string head = "POST /echo HTTP/1.1\r\nHost: h\r\n";
  for (const std::size_t size : {1UL, 1UL << 20, (1UL << 20) + 1, 5UL << 20}) {
    const std::string body(size, 'x');
    auto client = connect();
    client.send(head + "Content-Length: " + std::to_string(size) + "\r\n\r\n" + body);
    EXPECT_TRUE(body_of(client.answer()) == body) << size;
    client.send(head + "Transfer-Encoding: chunked\r\n\r\n");
    for (std::size_t at = 0; at < size; at += 60000) {
      const auto part = body.substr(at, 60000);
      std::array<char, 20> length;
      std::snprintf(length.data(), length.size(), "%zx\r\n", part.size());
      client.send(length.data() + part + "\r\n");
    }
    client.send("0\r\n\r\n");
    EXPECT_TRUE(body_of(client.answer()) == body) << size;
  }
}

TEST_F(ServerTest, GathersSharedBuffers) {
  EXPECT_EQ(body_of(ask("POST /echo/shared HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                        "Content-Length: 1000\r\n\r\n" +
                        std::string(1000, 'y'))),
            std::string(1000000, 'y'));
}

TEST_F(ServerTest, AsksForTheBodyWhenTheClientWaits) {
  auto client = connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("abc");
  EXPECT_EQ(body_of(client.answer()), "abc");
}

TEST_F(ServerTest, RefusesBeforeTheBody) {
  const std::string host = " HTTP/1.1\r\nHost: h\r\n";
  EXPECT_THAT(ask("POST /echo" + host + "Content-Length: 10737418240\r\n\r\nxx"),
              StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask("POST /nowhere" + host + "Content-Length: 3\r\n\r\nabc"),
              StartsWith("HTTP/1.1 404 "));
  const auto put = ask("PUT /files/a.txt" + host + "Content-Length: 3\r\n\r\nabc");
  EXPECT_THAT(put, StartsWith("HTTP/1.1 405 "));
  EXPECT_THAT(put, HasSubstr("Allow: GET, HEAD\r\n"));
  const auto open = get("/echo/secret");
  EXPECT_THAT(open, StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(open, HasSubstr("WWW-Authenticate: Basic realm="));
  EXPECT_THAT(get("/echo/secret", "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n"),
              StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(get("/echo/secret", "Authorization: Basic dXNlcjp3cm9uZw==\r\n"),
              StartsWith("HTTP/1.1 401 "));
}

TEST_F(ServerTest, RefusesBrokenRequests) {
  EXPECT_THAT(ask("GET / HTTP/9.9\r\n\r\n"), StartsWith("HTTP/1.1 505 "));
  EXPECT_THAT(ask("GET /" + std::string(1 << 20, 'a')), StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
              StartsWith("HTTP/1.1 400 "));
}

TEST_F(ServerTest, TurnsExceptionsInto500) {
  EXPECT_THAT(get("/echo/throw"), StartsWith("HTTP/1.1 500 "));
}

TEST_F(ServerTest, EndsIdleConnections) {
  Limits limits;
  limits.keep_alive_idle = std::chrono::seconds(1);
  limits.read_idle = std::chrono::seconds(1);
  start(limits);
  auto silent = connect();
  auto halting = connect();
  halting.send("GET / HT");
  EXPECT_EQ(silent.rest(), "");
  EXPECT_THAT(halting.rest(), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTest, MakesRoomForNewConnections) {
  Limits limits;
  limits.max_connections = 4;
  start(limits);
  std::vector<Client> silent;
  for (int i = 0; i < 40; ++i)
    silent.push_back(connect());
  // Those who were just let in have a moment to say what they want.
  std::string answer;
  for (int i = 0; i < 400 && answer.rfind("HTTP/1.1 200 ", 0) != 0; ++i) {
    answer = get("/files/a.txt");
    std::this_thread::sleep_for(std::chrono::milliseconds(25));
  }
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 "));
}

/// Downloads that are not read hold their connections.
class FullServer : public ServerTest {
 protected:
  void fill(Limits limits, std::size_t connections) {
    write("tree/big.bin", std::string(64 << 20, 'z'));
    start(limits);
    for (std::size_t i = 0; i < connections; ++i) {
      m_busy.push_back(connect());
      m_busy.back().send("GET /files/big.bin HTTP/1.1\r\nHost: h\r\n\r\n");
      ASSERT_TRUE(m_busy.back().receive());
    }
  }

  /// Asks again and again until that is the status.
  std::string get_until(const std::string& status) {
    std::string answer;
    for (int i = 0; i < 400 && answer.rfind("HTTP/1.1 " + status, 0) != 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(i == 0 ? 0 : 25));
      answer = get("/files/a.txt");
    }
    return answer;
  }

  std::vector<Client> m_busy;
};

TEST_F(FullServer, Answers503WithRetryAfterUntilThereIsRoom) {
  Limits limits;
  limits.max_connections = 3;
  fill(limits, 3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(get("/files/a.txt"),
                AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\nRetry-After: 5\r\n"),
                      HasSubstr("\r\nConnection: close\r\n")));
  }
  EXPECT_THAT(ask("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9000000\r\n\r\n"),
              StartsWith("HTTP/1.1 503 "));
  m_busy.pop_back();
  EXPECT_THAT(get_until("200"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(FullServer, PausesWhenTooManyAreRefused) {
  Limits limits;
  limits.max_connections = 2;
  fill(limits, 2);
  std::vector<Client> waiting;
  for (int i = 0; i < 300; ++i)
    waiting.push_back(connect());
  // The kernel keeps those that are too many even for a refusal; they get their answer in the end.
  auto last = std::move(waiting.back());
  last.send("GET /files/a.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  m_busy.clear();
  waiting.clear();
  EXPECT_THAT(last.rest(),
              testing::AnyOf(StartsWith("HTTP/1.1 200 "), StartsWith("HTTP/1.1 503 ")));
  EXPECT_THAT(get_until("200"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(FullServer, CountsTheConnectionsOfEachAddress) {
  Limits limits;
  limits.max_connections_per_client = 2;
  fill(limits, 2);
  EXPECT_THAT(get("/files/a.txt"),
              AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("\r\nRetry-After: 5\r\n")));
  Client other(m_server->port(), "127.0.0.2");
  other.send("GET /files/a.txt HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(other.rest(), StartsWith("HTTP/1.1 200 "));
  m_busy.pop_back();
  EXPECT_THAT(get_until("200"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(FullServer, TakesNewLimitsAtOnce) {
  Limits limits;
  limits.max_connections = 2;
  fill(limits, 2);
  EXPECT_THAT(get("/files/a.txt"), StartsWith("HTTP/1.1 503 "));
  limits.max_connections = 3;
  m_server->set_site(site(limits));
  EXPECT_THAT(get_until("200"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(ServerTest, SendsTextsThatAreMadeMeanwhile) {
  const auto answer = get("/lines");
  EXPECT_THAT(answer, HasSubstr("\r\nContent-Length: 9000000\r\n"));
  EXPECT_TRUE(body_of(answer) == test::NumberedLines::text()) << answer.size();
  EXPECT_EQ(body_of(ask("HEAD /lines HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")), "");
}

TEST_F(ServerTest, GivesAHeadItsTimeAndNoMore) {
  Limits limits;
  limits.head_time = std::chrono::seconds(1);
  start(limits);
  auto crawling = connect();
  crawling.send("GET /files/a.txt HTTP/1.1\r\nX: ");
  std::string answer;
  std::thread reader([&] { answer = crawling.rest(); });
  // A byte now and then keeps the idle limit away, not this one.
  for (int i = 0; i < 30; ++i) {
    crawling.send("a");
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  reader.join();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 408 "));
}

/// Bodies that begin in a burst, if at all, and then come byte by byte.
class CrawlingBody : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    Limits limits;
    limits.read_idle = std::chrono::seconds(1);
    limits.min_body_rate = 1 << 20;
    start(limits);
  }

  /// What comes while bytes still do; empty when the server waits for more for 20 s.
  std::string answer_to(const std::string& begin, std::string_view dribble) {
    auto client = connect();
    client.send(begin);
    std::string answer;
    std::atomic<bool> is_answered = false;
    std::thread reader([&] {
      answer = client.rest();
      is_answered = true;
    });
    for (int i = 0; i < 200 && !is_answered; ++i) {
      client.send(dribble);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    const bool in_time = is_answered;
    reader.join();
    return in_time ? answer : "";
  }
};

TEST_F(CrawlingBody, IsHeldToTheLeastRate) {
  EXPECT_THAT(answer_to("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n", "a"),
              StartsWith("HTTP/1.1 408 "));
}

TEST_F(CrawlingBody, IsHeldToItAfterABurstOfTinyChunks) {
  std::string burst = "POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 5000; ++i)
    burst += "1\r\na\r\n";
  EXPECT_THAT(answer_to(burst, "1\r\na\r\n"), StartsWith("HTTP/1.1 408 "));
}

TEST_F(ServerTest, BreaksOffWhenTheFileIsCutShort) {
  const std::string bytes(64 << 20, 'z');
  write("tree/big.bin", bytes);
  auto client = connect();
  client.send("GET /files/big.bin HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(client.receive());
  std::filesystem::resize_file(m_root / "tree/big.bin", 1000);
  EXPECT_LT(client.rest().size(), bytes.size());
}

TEST_F(ServerTest, RefusesAnAddressInUse) {
  ServerOptions options;
  options.hosts = {"127.0.0.1"};
  options.port = m_server->port();
  Server second(std::move(options), site({}));
  const auto bound = second.bind();
  ASSERT_FALSE(bound.has_value());
  EXPECT_EQ(bound.error().kind, base::ErrorKind::already_exists);
}

TEST_F(ServerTest, BindsLocalhostInBothFamilies) {
  ServerOptions options;
  options.hosts = {"localhost"};
  Server server(std::move(options), site({}));
  ASSERT_TRUE(server.bind().has_value());
  EXPECT_TRUE(server.endpoints().front().address().is_loopback());
  EXPECT_NE(server.port(), 0);
}

TEST_F(ServerTest, FinishesRunningRequestsWhenItStops) {
  auto idle = connect();
  auto busy = connect();
  busy.send("GET /echo/slow HTTP/1.1\r\nHost: h\r\n\r\n");
  while (!slow_has_begun)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const auto port = m_server->port();
  m_server->stop(std::chrono::seconds(30));
  EXPECT_THAT(busy.rest(), AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Connection: close")));
  EXPECT_EQ(idle.rest(), "");
  EXPECT_FALSE(Client(port).connected());
}

TEST_F(ServerTest, TakesANewSiteForTheNextRequest) {
  auto client = connect();
  client.send("GET /files/a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 200 "));
  m_server->set_site(std::make_shared<const Site>(SiteOptions{}));
  client.send("GET /files/a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_THAT(client.answer(), StartsWith("HTTP/1.1 404 "));
}

}  // namespace
}  // namespace pulse2::net
