#include "os/service_manager.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "temporary_folder.hpp"

namespace pulse2::os {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// The manager's end of the protocol.
class Manager : public testing::Test {
 protected:
  void listen(const std::string& name) {
    m_socket.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.starts_with('@')) address.sun_path[0] = '\0';
    const auto size = offsetof(sockaddr_un, sun_path) + name.size();
    ASSERT_EQ(bind(m_socket.get(), reinterpret_cast<const sockaddr*>(&address),
                   static_cast<socklen_t>(size)),
              0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  void TearDown() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"})
      unsetenv(name);
  }
  /// The next message, "" when there is none.
  std::string message() const {
    std::array<char, 4096> buffer{};
    const ssize_t got = recv(m_socket.get(), buffer.data(), buffer.size(), 0);
    return got < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(got));
  }

  test::TemporaryFolder m_folder;
  UniqueFd m_socket;
};

TEST_F(Manager, hears_nothing_without_being_named) {
  auto mute = ServiceManager::from_environment();
  EXPECT_FALSE(mute.is_there());
  mute.ready("x");
  mute.keep_alive();
}

TEST_F(Manager, is_told_in_its_own_words) {
  listen(m_folder / "notify");
  auto manager = ServiceManager::from_environment();
  EXPECT_TRUE(manager.is_there());
  EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
  manager.ready("all is well");
  EXPECT_EQ(message(), "READY=1\nMAINPID=" + std::to_string(getpid()) + "\nSTATUS=all is well");
  manager.reloading("again");
  EXPECT_THAT(message(), MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[1-9][0-9]*\nSTATUS=again"));
  manager.stopping("the end", std::chrono::seconds(10));
  EXPECT_EQ(message(), "STOPPING=1\nEXTEND_TIMEOUT_USEC=40000000\nSTATUS=the end");
  manager.keep_alive();
  EXPECT_EQ(message(), "WATCHDOG=1");
}

TEST_F(Manager, hears_a_status_once_and_in_one_line) {
  listen("@pulse2-test-" + std::to_string(getpid()));
  auto manager = ServiceManager::from_environment();
  manager.set_status("one\nREADY=1");
  EXPECT_THAT(message(), MatchesRegex("STATUS=one[^\n]*READY=1"));
  manager.set_status("one\nREADY=1");
  EXPECT_EQ(message(), "");
  manager.set_status("two");
  EXPECT_EQ(message(), "STATUS=two");
}

TEST_F(Manager, may_ask_for_signs_of_life) {
  listen(m_folder / "notify");
  setenv("WATCHDOG_USEC", "30000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(ServiceManager::from_environment().watchdog(), std::chrono::seconds(30));
  EXPECT_EQ(std::getenv("WATCHDOG_USEC"), nullptr);
}

TEST_F(Manager, asks_another_process_for_them) {
  listen(m_folder / "notify");
  setenv("WATCHDOG_USEC", "30000000", 1);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_FALSE(ServiceManager::from_environment().watchdog());
}

TEST_F(Manager, is_ignored_with_an_address_that_is_none) {
  for (const std::string& name : {std::string("relative"), std::string(200, '/'), std::string()}) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    EXPECT_FALSE(ServiceManager::from_environment().is_there()) << name;
  }
}

TEST_F(Manager, that_went_away_is_no_matter) {
  listen(m_folder / "notify");
  auto manager = ServiceManager::from_environment();
  m_socket.reset();
  manager.ready("x");
}

}  // namespace
}  // namespace pulse2::os
