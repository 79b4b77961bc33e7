#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "xmlrpc/value.hpp"

/// Hardware inventories that PXE clients send (contract 07): lines of text -> values -> the struct
/// that the MMC agent takes. Texts are trimmed UTF-8 without control characters.
namespace pulse2::pxe {

/// `M:` sizes as the BIOS gives them, KiB.
struct Memory {
  std::uint64_t lower = 0;
  std::uint64_t upper = 0;
};

/// `P:` a partition of the disk before it; start and length in sectors of 512 bytes.
struct Partition {
  unsigned number = 0;
  unsigned type = 0;  ///< 0..255
  std::uint64_t start = 0;
  std::uint64_t length = 0;
};

/// `D:` a disk; its size in sectors of 512 bytes.
struct Disk {
  unsigned number = 0;
  std::uint64_t cylinders = 0;
  std::uint64_t heads = 0;
  std::uint64_t sectors = 0;  ///< of a track
  std::uint64_t size = 0;
  std::vector<Partition> partitions;  ///< different numbers, in the order they came
};

/// `S0:`
struct Bios {
  std::string vendor;
  std::string version;
  std::string date;
};

/// `S1:`
struct SystemBoard {
  std::string manufacturer;
  std::string product;
  std::string version;
  std::string serial;
  std::string uuid;  ///< 32 hexadecimal digits as they were sent, else empty
};

/// `S3:`
struct Enclosure {
  std::string vendor;
  std::string type;  ///< as written: a hexadecimal number
};

/// `SM:` a slot; those without memory have size 0.
struct MemorySlot {
  std::uint64_t size = 0;   ///< megabytes
  std::string form_factor;  ///< as written
  std::string location;
  std::uint64_t type = 0;
  std::uint64_t speed = 0;  ///< MHz; 0: not known
};

/// `B:` a device of a bus, all as written.
struct BusDevice {
  std::string bus;
  std::string function;
  std::string vendor;
  std::string device;
  std::string device_class;
  std::string subclass;
};

/// One machine's inventory. What was not sent is empty, and 0 where no inventory sends 0.
struct Inventory {
  std::optional<Memory> memory;
  std::vector<BusDevice> bus;
  std::vector<Disk> disks;  ///< different numbers, in the order they came
  std::optional<Bios> bios;
  std::optional<SystemBoard> system;
  std::optional<Enclosure> enclosure;
  std::vector<MemorySlot> slots;
  unsigned processors = 0;                   ///< `S4:`, at most k_most_processors
  std::vector<unsigned> processor_features;  ///< `C:`, bytes
  std::uint64_t processor_khz = 0;           ///< `F:`
  std::string processor_family;              ///< `cpuf`, upper case
  std::string mac;
  std::string ip;
  std::uint64_t port = 0;
  std::string netmask;
  std::string gateway;
  std::vector<std::string> unknown;  ///< lines that are none of the above, kept as they came
};

inline constexpr unsigned k_most_processors = 4096;

/// Reads the text of packet 0xAA. Lines that are not as their letter promises are kept among the
/// unknown ones; of lines that can be there once the last counts. `sender`: the address of the
/// machine, empty when it is not known; it stands above what the text says of it.
[[nodiscard]] Inventory parse_inventory(std::string_view text, std::string_view sender);

/// The struct that the agent's injectInventory takes.
[[nodiscard]] xmlrpc::Struct to_struct(const Inventory& inventory);

/// Sectors of 512 bytes in whole megabytes of 1,000,000 bytes.
[[nodiscard]] constexpr std::uint64_t megabytes(std::uint64_t sectors) noexcept {
  // In this order nothing overflows: 15,625 sectors are 8 megabytes.
  return sectors / 15625 * 8 + sectors % 15625 * 8 / 15625;
}

/// The type of a partition in two lower-case hexadecimal digits.
[[nodiscard]] std::string type_hex(const Partition& partition);

}  // namespace pulse2::pxe
