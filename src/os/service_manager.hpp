#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "os/unique_fd.hpp"

namespace pulse2::os {

/// The service manager that started this process, if it wants to be told: sd_notify(3)'s protocol,
/// datagrams of `NAME=value` lines to the socket named by NOTIFY_SOCKET. Nothing here fails: what
/// the manager does not take within a second is lost. For one thread.
class ServiceManager {
 public:
  /// Nobody is told.
  ServiceManager() = default;

  /// Reads the variables of the environment and removes them, so that programs that are run don't
  /// speak in our name. Before any thread starts.
  [[nodiscard]] static ServiceManager from_environment();

  [[nodiscard]] bool is_there() const noexcept { return static_cast<bool>(m_socket); }
  /// The manager kills the process when it hears nothing from it for this long; nothing: it
  /// doesn't.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog() const noexcept {
    return m_watchdog;
  }

  /// Start-up or a reload is over.
  void ready(std::string_view status);
  /// A reload begins; ready() has to follow.
  void reloading(std::string_view status);
  /// The end begins and may take `time`, after which the process cleans up.
  void stopping(std::string_view status, std::chrono::seconds time);
  /// A line for people (`systemctl status`); sent when it differs from the last one.
  void set_status(std::string_view status);
  /// All is well: not to be killed.
  void keep_alive() const;

 private:
  void tell(std::string_view state, std::string_view status);
  void send(std::string_view message) const;

  UniqueFd m_socket;
  std::string m_address;  ///< a sockaddr_un, as bytes
  std::string m_status;
  std::optional<std::chrono::microseconds> m_watchdog;
};

}  // namespace pulse2::os
