#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace pulse2::pxe_service {

/// Runs a coroutine until it ends; an exception is a bug and is logged.
void spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> work);

}  // namespace pulse2::pxe_service
