#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "os/unique_fd.hpp"

namespace pulse2::test {

/// A blocking client on the loopback address that shows every byte.
class Client {
 public:
  /// `source`: its own address, such as 127.0.0.2.
  explicit Client(std::uint16_t port, const char* source = "127.0.0.1")
      : m_socket(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in own{};
    own.sin_family = AF_INET;
    ::inet_pton(AF_INET, source, &own.sin_addr);
    ::bind(m_socket.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{10, 0};
    ::setsockopt(m_socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    m_connected =
        ::connect(m_socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }

  [[nodiscard]] bool connected() const { return m_connected; }
  [[nodiscard]] int fd() const { return m_socket.get(); }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(m_socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  /// One more piece into the buffer; false at the end of the connection.
  bool receive() {
    std::array<char, 65536> bytes;
    const auto size = ::recv(m_socket.get(), bytes.data(), bytes.size(), 0);
    if (size <= 0) return false;
    m_buffer.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
  }

  /// Everything until the server closes.
  std::string rest() {
    while (receive()) {
    }
    return std::exchange(m_buffer, {});
  }

  /// One answer: head and the body that its Content-Length announces.
  std::string answer(bool with_body = true) {
    while (m_buffer.find("\r\n\r\n") == std::string::npos) {
      if (!receive()) return std::exchange(m_buffer, {});
    }
    std::size_t size = m_buffer.find("\r\n\r\n") + 4;
    const auto field = m_buffer.find("Content-Length: ");
    if (with_body && field < size) size += std::stoul(m_buffer.substr(field + 16));
    while (m_buffer.size() < size && receive()) {
    }
    auto text = m_buffer.substr(0, size);
    m_buffer.erase(0, size);
    return text;
  }

 private:
  os::UniqueFd m_socket;
  bool m_connected = false;
  std::string m_buffer;
};

}  // namespace pulse2::test
