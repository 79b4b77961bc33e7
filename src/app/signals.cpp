#include "app/signals.hpp"

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <ctime>

namespace pulse2::app {
namespace {

timespec to_timespec(std::chrono::nanoseconds duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
  timespec result{};
  result.tv_sec = seconds.count();
  result.tv_nsec = static_cast<long>((duration - seconds).count());
  return result;
}

std::optional<int> wait_for(const sigset_t& signals,
                            std::optional<std::chrono::nanoseconds> timeout) {
  const timespec limit = to_timespec(timeout.value_or(std::chrono::nanoseconds(0)));
  for (;;) {
    const int received = sigtimedwait(&signals, nullptr, timeout ? &limit : nullptr);
    if (received > 0) return received;
    if (errno == EAGAIN) return std::nullopt;
  }
}

}  // namespace

Signals::Signals() {
  sigemptyset(&m_end);
  sigaddset(&m_end, SIGTERM);
  sigaddset(&m_end, SIGINT);
  m_all = m_end;
  sigaddset(&m_all, SIGHUP);
  sigaddset(&m_all, SIGUSR1);
  sigaddset(&m_all, SIGUSR2);
  pthread_sigmask(SIG_BLOCK, &m_all, nullptr);
  // What a shell (nohup, a job in the background) had ignored is not ignored here.
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2})
    std::signal(number, SIG_DFL);
  std::signal(SIGPIPE, SIG_IGN);
}

std::optional<int> Signals::wait(std::optional<std::chrono::nanoseconds> timeout) const {
  return wait_for(m_all, timeout);
}

bool Signals::take_end() const {
  return wait_for(m_end, std::chrono::nanoseconds(0)).has_value();
}

void Signals::release_end() const {
  pthread_sigmask(SIG_UNBLOCK, &m_end, nullptr);
}

}  // namespace pulse2::app
