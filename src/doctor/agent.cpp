#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <string>

#include "doctor/probes.hpp"
#include "net/http_client.hpp"

namespace pulse2::doctor {
namespace {

using base::Expected;

constexpr std::chrono::seconds k_limit{10};
constexpr std::string_view k_harmless_call =
    "<?xml version=\"1.0\"?><methodCall><methodName>system.listMethods</methodName>"
    "<params/></methodCall>";

net::HttpClientOptions options_of(const config::MmcAgent& agent) {
  net::HttpClientOptions options;
  options.host = agent.host;
  options.port = static_cast<std::uint16_t>(agent.port);
  options.tls = agent.enablessl;
  options.verify_peer = agent.verifypeer;
  if (agent.verifypeer) {
    options.authority = agent.cacert;
    options.identity = agent.localcert;
  }
  options.username = agent.username;
  options.password = agent.password;
  options.connect_timeout = k_limit;
  options.answer_timeout = k_limit;
  return options;
}

/// The status that the agent answers a call with.
Expected<int> call_agent(const config::MmcAgent& agent) {
  boost::asio::io_context io;
  auto client = net::HttpClient::create(io.get_executor(), options_of(agent));
  if (!client) return tl::unexpected(client.error());
  Expected<int> status = base::fail(base::ErrorKind::internal, "no answer");
  boost::asio::co_spawn(
      io, (*client)->post("/", {{"Content-Type", "text/xml"}}, std::string(k_harmless_call)),
      [&](const std::exception_ptr& error, Expected<net::ClientResponse> response) {
        if (!error && response) status = response->status;
        if (!error && !response) status = tl::unexpected(response.error());
        // What keeps connections alive for later must not keep us here.
        (*client)->cancel();
        io.stop();
      });
  io.run();
  return status;
}

}  // namespace

Findings probe_agent(const Subject& subject) {
  if (!subject.settings().imaging_api) return {};
  const auto& agent = subject.settings().mmc_agent;
  const std::string where =
      "the MMC agent at " + agent.host + " port " + std::to_string(agent.port);
  const auto status = call_agent(agent);
  if (!status) {
    return {fault(where + ": " + status.error().for_operator(),
                  "start it, or correct [mmc_agent] host, port, enablessl and the certificates")};
  }
  if (*status == 401 || *status == 403) {
    return {fault(where + " refuses our credentials", "correct [mmc_agent] username and password")};
  }
  return {good(where + " answers")};
}

}  // namespace pulse2::doctor
