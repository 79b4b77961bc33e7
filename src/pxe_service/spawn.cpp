#include "pxe_service/spawn.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

#include "log/log.hpp"

namespace pulse2::pxe_service {

void spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> work) {
  boost::asio::co_spawn(executor, std::move(work), [](const std::exception_ptr& error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& exception) {
      log::error("pxe.failed", "{}", exception.what());
    }
  });
}

}  // namespace pulse2::pxe_service
