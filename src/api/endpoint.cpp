#include "api/endpoint.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "api/answer_body.hpp"
#include "api/failure.hpp"
#include "base/text.hpp"
#include "http/encoding.hpp"
#include "log/log.hpp"
#include "os/pool_task.hpp"
#include "xmlrpc/decode.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::api {
namespace {

using base::Expected;
namespace asio = boost::asio;

/// Bodies of more bytes are decoded on the pool: reading one of gigabytes takes seconds.
constexpr std::size_t k_decoded_at_once = 256U << 10U;

/// Runs a method; exceptions are bugs and become an internal error.
Expected<Answer> call_guarded(const Method& method, const Arguments& arguments) noexcept {
  try {
    return method.call(arguments);
  } catch (const std::exception& error) {
    return base::fail(base::ErrorKind::internal, "the server failed on this call", error.what());
  } catch (...) {
    return base::fail(base::ErrorKind::internal, "the server failed on this call");
  }
}

asio::awaitable<Expected<Answer>> await_guarded(const Method& method, const Arguments& arguments) {
  try {
    co_return co_await method.awaited(arguments);
  } catch (const std::exception& error) {
    co_return base::fail(base::ErrorKind::internal, "the server failed on this call", error.what());
  }
}

bool accepts_gzip(const net::Request& request) {
  return http::accepts_gzip(request.head.header("Accept-Encoding"));
}

net::Rules rules_of(const EndpointOptions& options) {
  net::Rules rules;
  rules.methods = {"POST"};
  rules.authenticate = options.authenticate;
  rules.max_body = options.max_body;
  rules.spool_dir = options.spool_dir;
  rules.spool_reserve = options.spool_reserve.bytes;
  rules.spool_reserve_percent = static_cast<unsigned>(options.spool_reserve.percent);
  return rules;
}

int fault_code(base::ErrorKind kind) {
  switch (kind) {
    case base::ErrorKind::malformed:
      return xmlrpc::k_fault_malformed;
    case base::ErrorKind::internal:
      return xmlrpc::k_fault_internal;
    default:
      return xmlrpc::k_fault_no_call;
  }
}

}  // namespace

XmlRpcEndpoint::XmlRpcEndpoint(MethodTable methods, EndpointOptions options, os::SerialTasks& tasks)
    : m_methods(std::move(methods)),
      m_options(std::move(options)),
      m_rules_of_writers(rules_of(m_options)),
      m_rules_of_readers(m_rules_of_writers),
      m_tasks(tasks) {
  m_rules_of_readers.max_body = std::min(m_options.max_body, m_options.max_body_of_readers);
}

bool XmlRpcEndpoint::may_write(const net::Peer& peer) const {
  return m_options.writers.empty() || base::any_contains(m_options.writers, peer.address);
}

const net::Rules& XmlRpcEndpoint::rules(const http::RequestHead& /*head*/,
                                        const net::Peer& peer) const {
  return may_write(peer) ? m_rules_of_writers : m_rules_of_readers;
}

asio::awaitable<Expected<Answer>> XmlRpcEndpoint::run(const Method& method,
                                                      const Arguments& arguments) {
  if (method.awaited) co_return co_await await_guarded(method, arguments);
  if (method.runs == Runs::at_once) co_return call_guarded(method, arguments);
  const std::string subject = method.subject ? method.subject(arguments) : std::string();
  os::SerialTasks::Queue queue{m_tasks, subject};
  co_return co_await os::run_on(queue,
                                [&method, &arguments] { return call_guarded(method, arguments); });
}

asio::awaitable<Expected<xmlrpc::Call>> XmlRpcEndpoint::decode(std::string_view body) {
  if (body.size() <= k_decoded_at_once) co_return xmlrpc::decode_call(body);
  const std::string no_subject;
  os::SerialTasks::Queue queue{m_tasks, no_subject};
  co_return co_await os::run_on(queue, [body] { return xmlrpc::decode_call(body); });
}

std::optional<http::Response> XmlRpcEndpoint::respond_at_once(const net::Request& request) {
  if (request.body.size() > k_decoded_at_once) return std::nullopt;
  const auto call = xmlrpc::decode_call(request.body);
  const auto method = find_method(request, call);
  if (!method) return method.error();
  if ((*method)->awaited || (*method)->runs != Runs::at_once) return std::nullopt;
  return to_response(request, *call, call_guarded(**method, Arguments(call->params)));
}

asio::awaitable<http::Response> XmlRpcEndpoint::respond(const net::Request& request) {
  const auto call = co_await decode(request.body);
  const auto method = find_method(request, call);
  if (!method) co_return method.error();
  const Arguments arguments(call->params);
  const auto answer = co_await run(**method, arguments);
  co_return to_response(request, *call, answer);
}

tl::expected<const Method*, http::Response> XmlRpcEndpoint::find_method(
    const net::Request& request, const Expected<xmlrpc::Call>& call) const {
  const bool gzip = accepts_gzip(request);
  if (!call) {
    log::debug("api.call.malformed", "{}: {}", m_options.mount_point, call.error().for_operator());
    return tl::unexpected(api::to_response(
        xmlrpc::encode_fault(fault_code(call.error().kind), call.error().message), gzip));
  }
  const MethodTable::Variants* variants = m_methods.find(call->method);
  if (variants == nullptr) {
    const std::string text = "no such method: " + base::printable(call->method);
    return tl::unexpected(
        api::to_response(xmlrpc::encode_fault(xmlrpc::k_fault_no_such_method, text), gzip));
  }
  const auto method = select(*variants, call->method, call->params.size());
  if (!method) return tl::unexpected(to_response(request, *call, tl::unexpected(method.error())));
  if ((*method)->access == Access::writers && !may_write(request.peer)) {
    log::warning("api.call.refused", "{} {} from {}: not in [http] write_from",
                 m_options.mount_point, call->method, request.peer.address.to_text());
    return tl::unexpected(http::error_page(403, "Changes are not allowed from this address."));
  }
  return *method;
}

http::Response XmlRpcEndpoint::to_response(const net::Request& request, const xmlrpc::Call& call,
                                           const Expected<Answer>& answer) const {
  const bool gzip = accepts_gzip(request);
  if (answer) return api::to_response(*answer, gzip);
  log::info("api.call.failed", "{} {}{}: {}", m_options.mount_point, call.method,
            describe_params(call.params), answer.error().for_operator());
  if (answer.error().kind == base::ErrorKind::internal) {
    return api::to_response(xmlrpc::encode_fault(xmlrpc::k_fault_internal, answer.error().message),
                            gzip);
  }
  return api::to_response(failure(answer.error(), call.method, call.params), gzip);
}

}  // namespace pulse2::api
