#pragma once

#include <ctime>
#include <string_view>

#include "base/error.hpp"
#include "log/complaint.hpp"
#include "log/output.hpp"
#include "os/unique_fd.hpp"

namespace pulse2::log {

/// Sends each line as a datagram `<priority>line` to a syslog server, as Python's SysLogHandler
/// does. Never waits for it: what it does not take is lost.
class SyslogOutput final : public Output {
 public:
  explicit SyslogOutput(config::SyslogTarget target);

  void write(std::string_view line, config::LogLevel level, std::time_t time) override;
  void reopen() override;

 private:
  [[nodiscard]] base::Expected<os::UniqueFd> connect_local() const;
  [[nodiscard]] base::Expected<os::UniqueFd> connect_remote() const;

  config::SyslogTarget m_target;
  os::UniqueFd m_socket;
  std::time_t m_next_try = 0;
  Complaint m_complaint;
};

/// RFC 5424 severity of a level.
[[nodiscard]] int severity_of(config::LogLevel level) noexcept;

}  // namespace pulse2::log
