#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>
#include <utility>

namespace pulse2::test {

/// Runs a coroutine on the context until it ends, and hands out its result.
template <class T>
T run_coroutine(boost::asio::io_context& io, boost::asio::awaitable<T> coroutine) {
  std::optional<T> result;
  boost::asio::co_spawn(io, std::move(coroutine), [&](const std::exception_ptr& error, T value) {
    if (error) std::rethrow_exception(error);
    result.emplace(std::move(value));
  });
  io.restart();
  while (!result && io.run_one() > 0) {
  }
  return std::move(result.value());
}

}  // namespace pulse2::test
