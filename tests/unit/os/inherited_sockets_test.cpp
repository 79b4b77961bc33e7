#include "os/inherited_sockets.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <functional>

namespace pulse2::os {
namespace {

/// Runs `check` in a process of its own with sockets from number 3 on, as a service manager starts
/// one; its exit status.
int with_sockets(const std::vector<int>& types, const char* names, bool listening,
                 const std::function<int()>& check) {
  const pid_t child = fork();
  if (child == 0) {
    for (std::size_t i = 0; i < types.size(); ++i) {
      const int made = socket(AF_INET, types[i], 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      if (bind(made, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) _exit(99);
      if (listening && types[i] == SOCK_STREAM && listen(made, 5) != 0) _exit(98);
      dup2(made, static_cast<int>(3 + i));
    }
    setenv("LISTEN_PID", std::to_string(getpid()).c_str(), 1);
    setenv("LISTEN_FDS", std::to_string(types.size()).c_str(), 1);
    if (names != nullptr) setenv("LISTEN_FDNAMES", names, 1);
    _exit(check());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(InheritedSockets, are_taken_with_their_names) {
  const int status = with_sockets({SOCK_STREAM, SOCK_DGRAM, SOCK_STREAM}, "http:pxe", true, [] {
    if (count_inherited_sockets() != 3) return 1;
    const auto sockets = take_inherited_sockets();
    if (!sockets || sockets->size() != 3) return 2;
    const auto& first = (*sockets)[0];
    const auto& second = (*sockets)[1];
    const auto& third = (*sockets)[2];
    if (first.name != "http" || second.name != "pxe" || third.name != "unknown") return 3;
    if (!first.is_stream || second.is_stream) return 4;
    if ((fcntl(first.socket.get(), F_GETFD) & FD_CLOEXEC) == 0) return 5;
    if ((fcntl(first.socket.get(), F_GETFL) & O_NONBLOCK) == 0) return 6;
    return std::getenv("LISTEN_FDS") == nullptr ? 0 : 7;
  });
  EXPECT_EQ(status, 0);
}

TEST(InheritedSockets, that_do_not_listen_are_refused) {
  EXPECT_EQ(
      with_sockets({SOCK_STREAM}, nullptr, false, [] { return take_inherited_sockets() ? 1 : 0; }),
      0);
}

TEST(InheritedSockets, of_another_process_are_not_ours) {
  const int status = with_sockets({SOCK_STREAM}, nullptr, true, [] {
    setenv("LISTEN_PID", "1", 1);
    const auto sockets = take_inherited_sockets();
    return sockets && sockets->empty() ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(InheritedSockets, of_a_silly_number_are_none) {
  for (const char* count : {"-1", "1000000", "x", ""}) {
    const int status = with_sockets({}, nullptr, true, [count] {
      setenv("LISTEN_FDS", count, 1);
      const auto sockets = take_inherited_sockets();
      return sockets && sockets->empty() ? 0 : 1;
    });
    EXPECT_EQ(status, 0) << count;
  }
}

}  // namespace
}  // namespace pulse2::os
