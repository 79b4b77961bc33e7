#include "doctor/fetch.hpp"

#include <openssl/ssl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <utility>

#include "base/base64.hpp"
#include "net/client_connection.hpp"
#include "net/pem.hpp"

namespace pulse2::doctor {

namespace asio = boost::asio;
using asio::ip::tcp;
using base::ErrorKind;
using base::Expected;

namespace {

constexpr std::chrono::seconds k_connect_limit{8};
constexpr std::chrono::seconds k_answer_limit{120};
constexpr std::size_t k_longest_greeting = 200;

std::string name_of(const std::string& host, std::uint16_t port) {
  return host + " port " + std::to_string(port);
}

Expected<net::ContextPtr> client_context(const Place& place) {
  net::ContextPtr context(place.tls ? SSL_CTX_new(TLS_client_method()) : nullptr);
  if (!context || place.identity.empty()) return context;
  const auto identity = net::read_pem(place.identity);
  if (!identity) return tl::unexpected(identity.error());
  PULSE2_TRY(net::use_identity(context.get(), *identity, *identity));
  return context;
}

asio::awaitable<Expected<Reply>> converse(net::ClientConnection& connection,
                                          net::ClientConnection::Endpoints endpoints, Place place,
                                          std::string target, std::size_t max) {
  const auto name = name_of(place.host, place.port);
  const auto failure =
      co_await connection.connect(std::move(endpoints), place.host, k_connect_limit);
  if (failure) co_return base::fail(ErrorKind::unavailable, name + ": " + failure.message());
  net::ClientRequest request{"GET", std::move(target), {{"Connection", "close"}}, place.host, {}};
  if (!place.authorization.empty()) {
    request.fields.push_back({"Authorization", place.authorization});
  }
  auto result = co_await connection.exchange(std::move(request), k_answer_limit, max);
  if (!result.error) co_return Reply{result.status, std::move(result.body)};
  co_return base::fail(ErrorKind::io, name + ": " + result.error.message());
}

Expected<net::ClientConnection::Endpoints> resolve(const std::string& host, std::uint16_t port) {
  asio::io_context io;
  boost::system::error_code error;
  const auto found = tcp::resolver(io).resolve(host, std::to_string(port), error);
  if (error) {
    return base::fail(ErrorKind::unavailable, host + " does not resolve: " + error.message());
  }
  net::ClientConnection::Endpoints endpoints;
  for (const auto& each : found)
    endpoints.push_back(each.endpoint());
  return endpoints;
}

}  // namespace

Place own_place(const config::Settings& settings) {
  Place place;
  place.host = settings.main.public_ip;
  place.port = static_cast<std::uint16_t>(settings.main.port);
  place.tls = settings.ssl.enablessl;
  if (settings.ssl.verifypeer) place.identity = settings.ssl.localcert;
  if (!settings.ssl.username.empty()) {
    place.authorization =
        "Basic " + base::base64_encode(settings.ssl.username + ":" + settings.ssl.password);
  }
  return place;
}

Expected<Reply> fetch(const Place& place, const std::string& target, std::size_t max) {
  auto context = client_context(place);
  if (!context) return tl::unexpected(std::move(context).error());
  auto endpoints = resolve(place.host, place.port);
  if (!endpoints) return tl::unexpected(std::move(endpoints).error());
  asio::io_context io;
  const auto connection = net::ClientConnection::create(io.get_executor(), context->get());
  Expected<Reply> reply = base::fail(ErrorKind::internal, "no answer");
  asio::co_spawn(io, converse(*connection, *std::move(endpoints), place, target, max),
                 [&reply](const std::exception_ptr& error, Expected<Reply> result) {
                   if (!error) reply = std::move(result);
                 });
  io.run();
  return reply;
}

Expected<std::string> greet(const std::string& host, std::uint16_t port, bool speaks_first) {
  tcp::iostream stream;
  stream.expires_after(k_connect_limit);
  stream.connect(host, std::to_string(port));
  if (!stream) {
    return base::fail(ErrorKind::unavailable,
                      name_of(host, port) + ": " + stream.error().message());
  }
  std::string line;
  for (char c = 0; speaks_first && line.size() < k_longest_greeting && stream.get(c) && c != '\n';)
    line += c;
  return line;
}

}  // namespace pulse2::doctor
