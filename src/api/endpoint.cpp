#include "api/endpoint.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
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
/// A list that nobody asked for in so long is put together anew when somebody does.
constexpr std::chrono::seconds k_forget_interval{5};

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

/// Drops a list that nobody asks for any more.
asio::awaitable<void> forget_unused(std::shared_ptr<PackageListCache> cache) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  do {
    timer.expires_after(k_forget_interval);
    co_await timer.async_wait(asio::use_awaitable);
  } while (cache->forget_unused());
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

XmlRpcEndpoint::Choice XmlRpcEndpoint::choose(const Expected<xmlrpc::Call>& call,
                                              const net::Peer& peer, bool gzip) const {
  if (!call) {
    log::debug("api.call.malformed", "{}: {}", m_options.mount_point, call.error().for_operator());
    return {nullptr,
            to_response(xmlrpc::encode_fault(fault_code(call.error().kind), call.error().message),
                        gzip)};
  }
  const MethodTable::Variants* variants = m_methods.find(call->method);
  if (variants == nullptr) {
    const std::string text = "no such method: " + base::printable(call->method);
    return {nullptr, to_response(xmlrpc::encode_fault(xmlrpc::k_fault_no_such_method, text), gzip)};
  }
  const auto method = select(*variants, call->method, call->params.size());
  if (!method) return {nullptr, failed(*call, method.error(), gzip)};
  if ((*method)->access == Access::writers && !may_write(peer)) {
    log::warning("api.call.refused", "{} {} from {}: not in [http] write_from",
                 m_options.mount_point, call->method, peer.address.to_text());
    return {nullptr, http::error_page(403, "Changes are not allowed from this address.")};
  }
  return {*method, {}};
}

http::Response XmlRpcEndpoint::failed(const xmlrpc::Call& call, const base::Error& error,
                                      bool gzip) const {
  log::info("api.call.failed", "{} {}{}: {}", m_options.mount_point, call.method,
            describe_params(call.params), error.for_operator());
  if (error.kind == base::ErrorKind::internal) {
    return to_response(xmlrpc::encode_fault(xmlrpc::k_fault_internal, error.message), gzip);
  }
  return to_response(failure(error, call.method, call.params), gzip);
}

asio::awaitable<http::Response> XmlRpcEndpoint::deliver(const Answer& answer, bool gzip) {
  if (auto response = to_response_at_once(answer, gzip)) co_return std::move(*response);
  const auto cache = std::get<PackageListPointer>(answer)->cache();
  if (cache && cache->begin_forgetting()) {
    asio::co_spawn(co_await asio::this_coro::executor, forget_unused(cache), asio::detached);
  }
  // One after the other: those that wait find what the first put together.
  os::SerialTasks::Queue queue{m_tasks, m_options.mount_point};
  co_return co_await os::run_on(queue, [&answer, gzip] { return to_response(answer, gzip); });
}

asio::awaitable<http::Response> XmlRpcEndpoint::respond(const net::Request& request) {
  const bool gzip = accepts_gzip(request);
  const auto call = co_await decode(request.body);
  const Choice choice = choose(call, request.peer, gzip);
  if (choice.method == nullptr) co_return choice.response;
  const Arguments arguments(call->params);
  const auto answer = co_await run(*choice.method, arguments);
  if (!answer) co_return failed(*call, answer.error(), gzip);
  co_return co_await deliver(*answer, gzip);
}

std::optional<http::Response> XmlRpcEndpoint::respond_at_once(const net::Request& request) {
  if (request.body.size() > k_decoded_at_once) return std::nullopt;
  const bool gzip = accepts_gzip(request);
  const auto call = xmlrpc::decode_call(request.body);
  Choice choice = choose(call, request.peer, gzip);
  if (choice.method == nullptr) return std::move(choice.response);
  if (choice.method->awaited || choice.method->runs != Runs::at_once) return std::nullopt;
  const auto answer = call_guarded(*choice.method, Arguments(call->params));
  if (!answer) return failed(*call, answer.error(), gzip);
  return to_response_at_once(*answer, gzip);
}

}  // namespace pulse2::api
