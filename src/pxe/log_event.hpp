#pragma once

#include <string>
#include <string_view>

/// Steps of a boot that PXE clients report (packet 0x4C) and what the agent is told of them.
namespace pulse2::pxe {

/// The digit at byte 1 of the packet.
enum class LogKind {
  boot = 0,
  menu = 1,
  restoration_started = 2,
  restoration_finished = 3,
  backup_started = 4,
  backup_finished = 5,
  postinstall_started = 6,
  postinstall_finished = 7,
  critical_error = 8,
};
inline constexpr int k_log_kinds = 9;

struct LogEvent {
  LogKind kind = LogKind::boot;
  int entry = 0;           ///< of kind menu: the chosen entry, 1..255; 0: none was sent
  std::string complement;  ///< of kinds 2 to 5: what follows the dash, mostly an image's uuid

  /// Whether the machine begins or ends a backup or restoration: its chosen entry was such a one.
  [[nodiscard]] bool marks_entry() const noexcept {
    return kind >= LogKind::restoration_started && kind <= LogKind::backup_finished;
  }
};

/// A line of the agent's log about a computer.
struct AgentLog {
  int level = 0;  ///< 1 (boot) to 9 (critical error), as the agent numbers them
  std::string phase;
  std::string message;
  bool operator==(const AgentLog&) const = default;
};

/// What the agent is told of an event; the message stands in quotes there.
[[nodiscard]] AgentLog agent_log(const LogEvent& event);

/// Bytes as Python 2's repr() shows them: in single quotes (double ones when only single ones are
/// in the text), what is not printable ASCII escaped. The result is ASCII.
[[nodiscard]] std::string python_repr(std::string_view bytes);

}  // namespace pulse2::pxe
