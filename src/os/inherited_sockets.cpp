#include "os/inherited_sockets.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "base/text.hpp"

namespace pulse2::os {
namespace {

constexpr int k_first = 3;
constexpr int k_most = 64;

template <class Integer>
std::optional<Integer> number_in(const char* variable) {
  const char* text = std::getenv(variable);
  return text == nullptr ? std::nullopt : base::parse_integer<Integer>(text);
}

std::vector<std::string> passed_names() {
  std::vector<std::string> names;
  const char* text = std::getenv("LISTEN_FDNAMES");
  if (text == nullptr) return names;
  for (const auto name : base::split(text, ':'))
    names.emplace_back(name);
  return names;
}

std::optional<int> socket_option(int socket, int option) {
  int value = 0;
  socklen_t size = sizeof value;
  if (getsockopt(socket, SOL_SOCKET, option, &value, &size) != 0) return std::nullopt;
  return value;
}

bool is_internet(int socket) {
  const auto domain = socket_option(socket, SO_DOMAIN);
  return domain == AF_INET || domain == AF_INET6;
}

}  // namespace

int count_inherited_sockets() noexcept {
  if (number_in<pid_t>("LISTEN_PID") != getpid()) return 0;
  const auto count = number_in<int>("LISTEN_FDS").value_or(0);
  return count < 0 || count > k_most ? 0 : count;
}

base::Expected<std::vector<InheritedSocket>> take_inherited_sockets() {
  const int count = count_inherited_sockets();
  const auto names = passed_names();
  for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
    unsetenv(variable);
  std::vector<InheritedSocket> sockets;
  for (int i = 0; i < count; ++i) {
    InheritedSocket one;
    one.socket.reset(k_first + i);
    const int fd = one.socket.get();
    const auto place = static_cast<std::size_t>(i);
    one.name = place < names.size() && !names[place].empty() ? names[place] : "unknown";
    const auto type = socket_option(fd, SO_TYPE);
    one.is_stream = type == SOCK_STREAM;
    const bool is_listening = one.is_stream && socket_option(fd, SO_ACCEPTCONN) == 1;
    if (!is_internet(fd) || (!is_listening && type != SOCK_DGRAM)) {
      return base::fail(
          base::ErrorKind::invalid_argument,
          "descriptor " + std::to_string(fd) + " (" + base::printable(one.name) +
              ") of the service manager is no listening TCP socket and no UDP socket");
    }
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
      return tl::unexpected(base::errno_error(errno, "passed socket"));
    }
    sockets.push_back(std::move(one));
  }
  return sockets;
}

}  // namespace pulse2::os
