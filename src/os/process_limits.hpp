#pragma once

#include <cstdint>

/// Limits that the system sets to this process (getrlimit(2)).
namespace pulse2::os {

/// Open files that the process may have now.
[[nodiscard]] std::uint64_t descriptor_limit() noexcept;

/// Raises the limit of open files to at least `wanted`, as far as the system lets us: up to the
/// hard limit, beyond it with CAP_SYS_RESOURCE. Never lowers it.
/// @return the limit then in force
std::uint64_t raise_descriptor_limit(std::uint64_t wanted) noexcept;

}  // namespace pulse2::os
