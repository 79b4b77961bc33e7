#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "mirroring/target.hpp"

namespace pulse2::doctor {

/// Where a mirror target's machine listens.
struct TargetAddress {
  std::string host;
  std::uint16_t port = 0;
};

/// Of a target that is no folder: `user@host` and `host` at ssh's port (or `Port=` of the ssh
/// options), `rsync://[user@]host[:port]/module` and `[user@]host::module` at rsync's.
[[nodiscard]] TargetAddress address_of(const mirroring::Target& target,
                                       const std::vector<std::string>& ssh_options);

}  // namespace pulse2::doctor
