#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

namespace pulse2::os {

/// Runs a function on the pool (what has post(task)) while the coroutine waits, and continues on
/// the coroutine's own thread with its result; an exception continues there too. The coroutine's
/// event loop does not run dry meanwhile. A pool that stops drops the function and destroys the
/// waiting coroutine.
template <class Pool, class Function>
boost::asio::awaitable<std::invoke_result_t<Function&>> run_on(Pool& pool, Function function) {
  namespace asio = boost::asio;
  using Result = std::invoke_result_t<Function&>;
  using Outcome = std::variant<std::exception_ptr, Result>;
  // The function stays in this frame, which outlives the task.
  const auto start = [&pool, &function](auto handler) {
    auto executor = asio::get_associated_executor(handler);
    auto work = asio::make_work_guard(executor);
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    pool.post([shared, executor, work = std::move(work), &function] {
      auto outcome = std::make_shared<Outcome>();
      try {
        outcome->template emplace<Result>(function());
      } catch (...) {
        *outcome = std::current_exception();
      }
      asio::post(executor, [shared, outcome] { (*shared)(outcome); });
    });
  };
  const auto outcome =
      co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(std::shared_ptr<Outcome>)>(
          start, asio::use_awaitable);
  if (auto* error = std::get_if<std::exception_ptr>(outcome.get())) std::rethrow_exception(*error);
  co_return std::move(std::get<Result>(*outcome));
}

}  // namespace pulse2::os
