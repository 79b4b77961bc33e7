#pragma once

#include <memory>
#include <string>
#include <variant>

#include "config/settings.hpp"
#include "imaging/operations.hpp"
#include "xmlrpc/decode.hpp"
#include "xmlrpc/value.hpp"

namespace pulse2::imaging {

/// The MMC agent, as the imaging service sees it. Belongs to the imaging thread.
class Agent {
 public:
  Agent() = default;
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;
  virtual ~Agent() = default;

  /// Calls a method and awaits what the agent answers: a value or a fault. An error means that no
  /// answer came, whatever the agent did: `unavailable` and `permission_denied` when it can't have
  /// seen the call, else `timed_out`, `io`, `malformed`, `limit_exceeded` or `cancelled`.
  [[nodiscard]] virtual Awaitable<base::Expected<xmlrpc::Response>> call(std::string method,
                                                                         xmlrpc::Array params) = 0;
  /// Ends all calls with `cancelled`; later ones too.
  virtual void cancel() = 0;
};

/// The agent that section [mmc_agent] names, over HTTP or HTTPS with Basic authentication. Error:
/// a certificate that can't be used.
[[nodiscard]] base::Expected<std::unique_ptr<Agent>> make_agent(
    const boost::asio::any_io_executor& executor, const config::MmcAgent& settings);

/// `[true, value]` is how the agent says that all went well: the value, nil when it is missing.
/// Nothing for `[false, …]`, a fault or anything else.
[[nodiscard]] std::optional<xmlrpc::Value> accepted(const xmlrpc::Response& response);

/// The answer in one line of bounded length, for the log.
[[nodiscard]] std::string describe_answer(const xmlrpc::Response& response);

}  // namespace pulse2::imaging
