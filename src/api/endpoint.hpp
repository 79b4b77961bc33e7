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
/// clients that accept gzip; lists of packages are sent from their fragments without a copy.
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
  [[nodiscard]] bool may_write(const net::Peer& peer) const;
  /// The method that a call is for, or what is answered instead.
  [[nodiscard]] tl::expected<const Method*, http::Response> find_method(
      const net::Request& request, const base::Expected<xmlrpc::Call>& call) const;
  /// What the client gets of a method's answer.
  [[nodiscard]] http::Response to_response(const net::Request& request, const xmlrpc::Call& call,
                                           const base::Expected<Answer>& answer) const;
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
