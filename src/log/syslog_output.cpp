#include "log/syslog_output.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace pulse2::log {
namespace {

using base::ErrorKind;
using base::Expected;
using base::fail;

/// Seconds until a server that could not be reached is looked for again: finding its address may
/// take a while.
constexpr std::time_t k_pause = 30;
constexpr int k_severities = 8;
constexpr int k_socket_flags = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;

Expected<os::UniqueFd> connected(int family, const sockaddr* address, socklen_t size) {
  os::UniqueFd socket(::socket(family, k_socket_flags, 0));
  if (!socket || connect(socket.get(), address, size) != 0) {
    return tl::unexpected(base::errno_error(errno, "syslog"));
  }
  return socket;
}

}  // namespace

int severity_of(config::LogLevel level) noexcept {
  using config::LogLevel;
  switch (level) {
    case LogLevel::notset:
    case LogLevel::debug:
      return 7;
    case LogLevel::info:
      return 6;
    case LogLevel::warning:
      return 4;
    case LogLevel::error:
      return 3;
    case LogLevel::critical:
      return 2;
  }
  return 2;
}

SyslogOutput::SyslogOutput(config::SyslogTarget target) : m_target(std::move(target)) {
  reopen();
}

Expected<os::UniqueFd> SyslogOutput::connect_local() const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (m_target.socket.size() >= sizeof(address.sun_path)) {
    return fail(ErrorKind::invalid_argument, "the path of the syslog socket is too long");
  }
  std::memcpy(address.sun_path, m_target.socket.data(), m_target.socket.size());
  return connected(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
}

Expected<os::UniqueFd> SyslogOutput::connect_remote() const {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(m_target.port);
  const int result = getaddrinfo(m_target.host.c_str(), port.c_str(), &hints, &found);
  if (result != 0) {
    return fail(ErrorKind::unavailable,
                "syslog host " + m_target.host + ": " + gai_strerror(result));
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &freeaddrinfo);
  Expected<os::UniqueFd> socket = fail(ErrorKind::unavailable, "syslog host without address");
  for (const addrinfo* one = found; one != nullptr && !socket; one = one->ai_next) {
    socket = connected(one->ai_family, one->ai_addr, one->ai_addrlen);
  }
  return socket;
}

void SyslogOutput::reopen() {
  auto socket = m_target.socket.empty() ? connect_remote() : connect_local();
  if (!socket) return m_complaint.raise(socket.error().for_operator());
  m_socket = *std::move(socket);
}

void SyslogOutput::write(std::string_view line, config::LogLevel level, std::time_t time) {
  std::string datagram =
      "<" + std::to_string(m_target.facility * k_severities + severity_of(level)) + ">";
  datagram += line;
  const auto send_it = [&] {
    return m_socket && send(m_socket.get(), datagram.data(), datagram.size(), MSG_NOSIGNAL) >= 0;
  };
  if (send_it()) return m_complaint.settle();
  const int reason = m_socket ? errno : ENOTCONN;
  if (reason == EAGAIN || time < m_next_try) {
    return m_complaint.raise(base::errno_error(reason, "syslog").for_operator());
  }
  // A syslog daemon that was restarted has a new socket.
  reopen();
  if (send_it()) return m_complaint.settle();
  m_next_try = time + k_pause;
  m_complaint.raise(base::errno_error(reason, "syslog").for_operator());
}

}  // namespace pulse2::log
