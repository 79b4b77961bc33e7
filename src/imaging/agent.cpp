#include "imaging/agent.hpp"

#include <optional>
#include <utility>

#include "log/log.hpp"
#include "net/http_client.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr int k_ok = 200;
constexpr int k_unauthorized = 401;
constexpr std::size_t k_longest_answer = 16U << 20U;

class HttpAgent final : public Agent {
 public:
  explicit HttpAgent(std::unique_ptr<net::HttpClient> client) : m_client(std::move(client)) {}

  Awaitable<Expected<xmlrpc::Response>> call(std::string method, xmlrpc::Array params) override {
    http::Fields fields = {{"Content-Type", "text/xml"}};
    auto answer =
        co_await m_client->post("/", std::move(fields), xmlrpc::encode_call(method, params));
    if (!answer) co_return tl::unexpected(std::move(answer).error());
    if (answer->status == k_unauthorized) {
      co_return base::fail(ErrorKind::permission_denied,
                           "the MMC agent refuses the user name and password of [mmc_agent]");
    }
    if (answer->status != k_ok) {
      co_return base::fail(ErrorKind::io, "the MMC agent answers with HTTP status " +
                                              std::to_string(answer->status));
    }
    auto response = xmlrpc::decode_response(answer->body);
    if (!response) {
      co_return base::fail(ErrorKind::malformed, "the MMC agent's answer is no XML-RPC",
                           response.error().for_operator());
    }
    // Long strings refer to the body, which ends here.
    if (auto* value = std::get_if<xmlrpc::Value>(&*response)) *value = value->to_owned();
    co_return *std::move(response);
  }

  void cancel() override { m_client->cancel(); }

 private:
  std::unique_ptr<net::HttpClient> m_client;
};

}  // namespace

Expected<std::unique_ptr<Agent>> make_agent(const boost::asio::any_io_executor& executor,
                                            const config::MmcAgent& settings) {
  net::HttpClientOptions options;
  options.host = settings.host;
  options.port = static_cast<std::uint16_t>(settings.port);
  options.tls = settings.enablessl;
  options.verify_peer = settings.verifypeer;
  options.authority = settings.cacert;
  options.identity = settings.localcert;
  options.username = settings.username;
  options.password = settings.password;
  options.connect_timeout = std::chrono::seconds(settings.connect_timeout);
  options.answer_timeout = std::chrono::seconds(settings.answer_timeout);
  options.max_connections = static_cast<std::size_t>(settings.max_connections);
  options.max_answer = k_longest_answer;
  auto client = net::HttpClient::create(executor, std::move(options));
  if (!client) return tl::unexpected(std::move(client).error());
  return std::make_unique<HttpAgent>(*std::move(client));
}

std::optional<xmlrpc::Value> accepted(const xmlrpc::Response& response) {
  const auto* value = std::get_if<xmlrpc::Value>(&response);
  const auto* parts = value == nullptr ? nullptr : value->as_array();
  if (parts == nullptr || parts->empty() || !parts->front().truthy()) return std::nullopt;
  return parts->size() > 1 ? (*parts)[1] : xmlrpc::Value();
}

std::string describe_answer(const xmlrpc::Response& response) {
  if (const auto* fault = std::get_if<xmlrpc::Fault>(&response)) {
    return "fault " + std::to_string(fault->code) + " " + xmlrpc::describe(fault->text);
  }
  return xmlrpc::describe(std::get<xmlrpc::Value>(response));
}

}  // namespace pulse2::imaging
