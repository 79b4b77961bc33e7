#include "os/service_manager.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "base/text.hpp"

namespace pulse2::os {
namespace {

/// How long ending threads and writing the last things may take.
constexpr std::chrono::seconds k_clean_up{30};
/// Longer than any status that is worth reading in one line.
constexpr std::size_t k_longest_status = 300;

/// The address as connect(2) takes it, empty when `name` is none. A leading `@` stands for the
/// abstract name space.
std::string address_of(std::string_view name) {
  sockaddr_un address{};
  const bool is_abstract = name.starts_with('@');
  if (name.empty() || (!is_abstract && !name.starts_with('/'))) return {};
  if (name.size() >= sizeof address.sun_path) return {};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, name.data(), name.size());
  if (is_abstract) address.sun_path[0] = '\0';
  // A path ends with its NUL, an abstract name with its last byte.
  const std::size_t size = offsetof(sockaddr_un, sun_path) + name.size() + (is_abstract ? 0 : 1);
  return {reinterpret_cast<const char*>(&address), size};
}

std::string take_variable(const char* name) {
  const char* value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

std::string monotonic_microseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
}

}  // namespace

ServiceManager ServiceManager::from_environment() {
  ServiceManager manager;
  manager.m_address = address_of(take_variable("NOTIFY_SOCKET"));
  const auto watchdog = base::parse_integer<std::int64_t>(take_variable("WATCHDOG_USEC"));
  const std::string whose = take_variable("WATCHDOG_PID");
  if (manager.m_address.empty()) return manager;
  manager.m_socket.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval limit{1, 0};
  setsockopt(manager.m_socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const bool is_ours = whose.empty() || base::parse_integer<pid_t>(whose) == getpid();
  if (watchdog && *watchdog > 0 && is_ours) {
    manager.m_watchdog = std::chrono::microseconds(*watchdog);
  }
  return manager;
}

void ServiceManager::ready(std::string_view status) {
  tell("READY=1\nMAINPID=" + std::to_string(getpid()), status);
}

void ServiceManager::reloading(std::string_view status) {
  tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_microseconds(), status);
}

void ServiceManager::stopping(std::string_view status, std::chrono::seconds time) {
  const auto limit = std::chrono::microseconds(time + k_clean_up);
  tell("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(limit.count()), status);
}

void ServiceManager::set_status(std::string_view status) {
  if (status != m_status) tell({}, status);
}

void ServiceManager::keep_alive() const {
  send("WATCHDOG=1");
}

void ServiceManager::tell(std::string_view state, std::string_view status) {
  m_status = status;
  std::string message(state);
  if (!message.empty()) message += '\n';
  message += "STATUS=" + base::printable(status, k_longest_status);
  send(message);
}

void ServiceManager::send(std::string_view message) const {
  if (!m_socket) return;
  static_cast<void>(sendto(m_socket.get(), message.data(), message.size(), MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(m_address.data()),
                           static_cast<socklen_t>(m_address.size())));
}

}  // namespace pulse2::os
