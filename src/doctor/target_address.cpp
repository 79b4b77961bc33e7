#include "doctor/target_address.hpp"

#include <string_view>

#include "base/text.hpp"

namespace pulse2::doctor {
namespace {

constexpr std::uint16_t k_ssh_port = 22;
constexpr std::uint16_t k_rsync_port = 873;
constexpr std::string_view k_scheme = "rsync://";
constexpr std::string_view k_port_option = "port=";

std::uint16_t ssh_port(const std::vector<std::string>& options) {
  for (const std::string& option : options) {
    if (!base::to_lower(option).starts_with(k_port_option)) continue;
    const auto port =
        base::parse_integer<std::uint16_t>(std::string_view(option).substr(k_port_option.size()));
    if (port) return *port;
  }
  return k_ssh_port;
}

/// `host`, `host:port` or `[address]:port`.
TargetAddress split_port(std::string_view text, std::uint16_t usual) {
  const bool bracketed = text.starts_with('[') && text.find(']') != std::string_view::npos;
  const auto end = bracketed ? text.find(']') + 1 : text.find(':');
  TargetAddress address{std::string(text.substr(0, end)), usual};
  if (bracketed) address.host = address.host.substr(1, address.host.size() - 2);
  if (end < text.size() && text[end] == ':') {
    address.port = base::parse_integer<std::uint16_t>(text.substr(end + 1)).value_or(usual);
  }
  return address;
}

}  // namespace

TargetAddress address_of(const mirroring::Target& target,
                         const std::vector<std::string>& ssh_options) {
  std::string_view rest = target.name();
  const bool is_url = rest.starts_with(k_scheme);
  if (is_url) rest.remove_prefix(k_scheme.size());
  rest = rest.substr(0, rest.find('/'));
  const bool is_daemon = target.kind() == mirroring::Target::Kind::daemon;
  if (!is_url && is_daemon) rest = rest.substr(0, rest.find("::"));
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest.remove_prefix(at + 1);
  if (!is_url && !is_daemon) {
    // A colon begins a path there, not a port.
    auto address = split_port(rest, 0);
    address.port = ssh_port(ssh_options);
    return address;
  }
  return split_port(rest, k_rsync_port);
}

}  // namespace pulse2::doctor
