#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <deque>
#include <utility>

namespace pulse2::imaging {

/// Lets coroutines of one thread through one at a time, in the order in which they came.
class AsyncLock {
 public:
  explicit AsyncLock(boost::asio::any_io_executor executor) : m_executor(std::move(executor)) {}
  AsyncLock(const AsyncLock&) = delete;
  AsyncLock& operator=(const AsyncLock&) = delete;

  /// Held as long as it lives.
  class Guard {
   public:
    explicit Guard(AsyncLock* lock) : m_lock(lock) {}
    Guard(Guard&& other) noexcept : m_lock(std::exchange(other.m_lock, nullptr)) {}
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;
    Guard& operator=(Guard&&) = delete;
    ~Guard() {
      if (m_lock != nullptr) m_lock->release();
    }

   private:
    AsyncLock* m_lock;
  };

  [[nodiscard]] boost::asio::awaitable<Guard> acquire() {
    namespace asio = boost::asio;
    if (m_held) {
      asio::steady_timer turn(m_executor, asio::steady_timer::time_point::max());
      m_waiting.push_back(&turn);
      co_await turn.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    m_held = true;
    co_return Guard(this);
  }

 private:
  /// The next one takes it over: it stays held.
  void release() {
    if (m_waiting.empty()) {
      m_held = false;
      return;
    }
    auto* next = m_waiting.front();
    m_waiting.pop_front();
    next->cancel();
  }

  boost::asio::any_io_executor m_executor;
  std::deque<boost::asio::steady_timer*> m_waiting;
  bool m_held = false;
};

}  // namespace pulse2::imaging
