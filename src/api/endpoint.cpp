#include "api/endpoint.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "api/answer_body.hpp"
#include "api/failure.hpp"
#include "base/text.hpp"
#include "http/encoding.hpp"
#include "log/log.hpp"
#include "xmlrpc/decode.hpp"
#include "xmlrpc/encode.hpp"

namespace pulse2::api {
namespace {

using base::Expected;
namespace asio = boost::asio;

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

XmlRpcEndpoint::XmlRpcEndpoint(MethodTable methods, EndpointOptions options, os::ThreadPool& pool)
    : m_methods(std::move(methods)), m_options(std::move(options)), m_pool(pool) {}

std::vector<std::string_view> XmlRpcEndpoint::methods() const {
  return {"POST"};
}

net::Rules XmlRpcEndpoint::rules(const http::RequestHead& /*head*/) const {
  net::Rules rules;
  rules.authenticate = m_options.authenticate;
  rules.max_body = m_options.max_body;
  rules.spool_dir = m_options.spool_dir;
  rules.spool_reserve = m_options.spool_reserve;
  return rules;
}

asio::awaitable<Expected<Answer>> XmlRpcEndpoint::run(const Method& method,
                                                      const Arguments& arguments) {
  if (method.runs == Runs::at_once) co_return call_guarded(method, arguments);
  // The coroutine waits here, so method and arguments outlive the task; the answer is handed back
  // on the connection's own thread. A pool that stops drops the task and with it the handler.
  const auto start = [this, &method, &arguments](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    m_pool.post([shared, &method, &arguments] {
      Expected<Answer> answer = call_guarded(method, arguments);
      const auto executor = asio::get_associated_executor(*shared);
      asio::post(executor, [shared, result = std::make_shared<Expected<Answer>>(std::move(
                                        answer))]() mutable { (*shared)(std::move(result)); });
    });
  };
  const auto result = co_await asio::async_initiate<const asio::use_awaitable_t<>&,
                                                    void(std::shared_ptr<Expected<Answer>>)>(
      start, asio::use_awaitable);
  co_return std::move(*result);
}

asio::awaitable<http::Response> XmlRpcEndpoint::respond(const net::Request& request) {
  const bool gzip = http::accepts_gzip(request.head.header("Accept-Encoding"));
  const auto call = xmlrpc::decode_call(request.body);
  if (!call) {
    log::debug("api.call.malformed", "{}: {}", m_options.mount_point, call.error().for_operator());
    co_return to_response(xmlrpc::encode_fault(fault_code(call.error().kind), call.error().message),
                          gzip);
  }
  const MethodTable::Variants* variants = m_methods.find(call->method);
  if (variants == nullptr) {
    const std::string text = "no such method: " + base::printable(call->method);
    co_return to_response(xmlrpc::encode_fault(xmlrpc::k_fault_no_such_method, text), gzip);
  }
  const auto method = select(*variants, call->method, call->params.size());
  const Arguments arguments(call->params);
  // No co_await within a conditional expression: g++ 12 destroys its result twice.
  Expected<Answer> answer = tl::unexpected(base::Error{});
  if (method) {
    answer = co_await run(**method, arguments);
  } else {
    answer = tl::unexpected(method.error());
  }
  if (answer) co_return to_response(*answer, gzip);
  log::info("api.call.failed", "{} {}{}: {}", m_options.mount_point, call->method,
            describe_params(call->params), answer.error().for_operator());
  if (answer.error().kind == base::ErrorKind::internal) {
    co_return to_response(xmlrpc::encode_fault(xmlrpc::k_fault_internal, answer.error().message),
                          gzip);
  }
  co_return to_response(failure(answer.error(), call->method, call->params), gzip);
}

}  // namespace pulse2::api
