#include "catalog/fingerprint.hpp"

#include <initializer_list>

#include "base/hash.hpp"

namespace pulse2::catalog {

namespace {

/// The finaliser of MurmurHash3: each bit of the input moves half of the output's.
std::uint64_t mix(std::uint64_t value) noexcept {
  value ^= value >> 33U;
  value *= 0xff51afd7ed558ccdU;
  value ^= value >> 33U;
  value *= 0xc4ceb9fe1a85ec53U;
  value ^= value >> 33U;
  return value;
}

std::uint64_t mix_all(std::initializer_list<std::uint64_t> values) noexcept {
  std::uint64_t mixed = 0;
  for (const auto value : values)
    mixed = mix(mixed * 31 + value);
  return mixed;
}

}  // namespace

void Fingerprint::add(std::string_view name, const os::FileStatus& status) noexcept {
  const std::uint64_t file = mix_all({base::stable_hash(name), status.inode, status.size,
                                      static_cast<std::uint64_t>(status.mtime_ns)});
  // Sums do not depend on the order.
  content += file;
  change += mix_all({file, static_cast<std::uint64_t>(status.ctime_ns), status.mode});
}

void Fingerprint::add(const Fingerprint& other) noexcept {
  content += other.content;
  change += other.change;
}

}  // namespace pulse2::catalog
