#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <thread>

#include "client.hpp"
#include "net/server.hpp"

namespace pulse2::net {
namespace {

using namespace std::chrono_literals;

/// Keeps its I/O thread until it is released, as no handler should.
class Hanging : public Handler {
 public:
  Hanging() { m_rules.methods = {"GET"}; }
  const Rules& rules(const http::RequestHead& /*head*/, const Peer& /*peer*/) const override {
    return m_rules;
  }
  boost::asio::awaitable<http::Response> respond(const Request& /*request*/) override {
    m_entered.set_value();
    m_released.get_future().wait();
    co_return http::Response{};
  }
  Rules m_rules;
  std::promise<void> m_entered;
  std::promise<void> m_released;
};

/// Asks again and again, for a while.
bool comes_to_be(Server& server, bool answer) {
  const auto end = std::chrono::steady_clock::now() + 30s;
  while (std::chrono::steady_clock::now() < end) {
    if (server.threads_answer() == answer) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

TEST(ThreadsAnswer, unless_one_hangs) {
  auto handler = std::make_shared<Hanging>();
  SiteOptions site;
  site.routes = {{"/hang", Match::exact, handler}};
  ServerOptions options;
  options.hosts = {"127.0.0.1"};
  options.threads = 2;
  Server server(std::move(options), std::make_shared<const Site>(std::move(site)));
  ASSERT_TRUE(server.bind());
  server.start();
  EXPECT_TRUE(comes_to_be(server, true));
  test::Client client(server.port());
  client.send("GET /hang HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  handler->m_entered.get_future().wait();
  EXPECT_TRUE(comes_to_be(server, false));
  EXPECT_FALSE(server.threads_answer());
  handler->m_released.set_value();
  EXPECT_TRUE(comes_to_be(server, true));
  client.rest();
}

}  // namespace
}  // namespace pulse2::net
