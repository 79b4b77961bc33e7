#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/method_table.hpp"
#include "base/network.hpp"
#include "config/settings.hpp"
#include "net/handler.hpp"
#include "os/serial_tasks.hpp"
#include "xmlrpc/decode.hpp"

namespace pulse2::api {

struct EndpointOptions {
  std::string mount_point;  ///< for the log
  bool authenticate = false;
  std::uint64_t max_body = 16ULL << 20;  ///< bytes
  /// Who may call methods of Access::writers; empty: everyone. Others are held to
  /// `max_body_of_readers`.
  std::vector<base::Network> writers;
  std::uint64_t max_body_of_readers = 16ULL << 20;  ///< bytes
  std::string spool_dir;                            ///< see net::Rules
  config::FreeSpaceReserve spool_reserve{0, 100};   ///< see net::Rules
};

/// Answers the XML-RPC calls of one mount point.
///
/// Every call is answered with status 200: what goes wrong within a known method as a failure
/// struct, what is no call of a known method as a fault (contract 03). Answers are compressed for
/// clients that accept gzip; large lists of packages are put together once for many calls, or made
/// while they are sent.
class XmlRpcEndpoint final : public net::Handler {
 public:
  /// `tasks` must outlive the endpoint; methods that wait for disks run there.
  XmlRpcEndpoint(MethodTable methods, EndpointOptions options, os::SerialTasks& tasks);

  [[nodiscard]] const net::Rules& rules(const http::RequestHead& head,
                                        const net::Peer& peer) const override;
  [[nodiscard]] std::optional<http::Response> respond_at_once(const net::Request& request) override;
  [[nodiscard]] boost::asio::awaitable<http::Response> respond(
      const net::Request& request) override;

 private:
  /// The method that a call is for; null, and the response, where it is for none.
  struct Choice {
    const Method* method = nullptr;
    http::Response response;
  };

  [[nodiscard]] Choice choose(const base::Expected<xmlrpc::Call>& call, const net::Peer& peer,
                              bool gzip) const;
  [[nodiscard]] http::Response failed(const xmlrpc::Call& call, const base::Error& error,
                                      bool gzip) const;
  [[nodiscard]] boost::asio::awaitable<http::Response> deliver(const Answer& answer, bool gzip);
  [[nodiscard]] bool may_write(const net::Peer& peer) const;
  [[nodiscard]] boost::asio::awaitable<base::Expected<xmlrpc::Call>> decode(std::string_view body);
  [[nodiscard]] boost::asio::awaitable<base::Expected<Answer>> run(const Method& method,
                                                                   const Arguments& arguments);

  MethodTable m_methods;
  EndpointOptions m_options;
  net::Rules m_rules_of_writers;
  net::Rules m_rules_of_readers;
  os::SerialTasks& m_tasks;
};

}  // namespace pulse2::api
