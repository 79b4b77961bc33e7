#include "pxe/inventory.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "pxe/scan.hpp"

namespace pulse2::pxe {
namespace {

/// What a machine's firmware calls itself, made fit for XML: UTF-8 (other bytes are taken for
/// ISO 8859-1), no control characters.
std::string clean(std::string_view line) {
  std::string text = base::is_utf8(line) ? std::string(line) : base::latin1_to_utf8(line);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  text.erase(std::remove_if(text.begin(), text.end(), is_control), text.end());
  return text;
}

/// The parts of `text` between separators, trimmed; missing ones are empty.
template <std::size_t Count>
std::array<std::string, Count> fields(std::string_view text, char separator) {
  std::array<std::string, Count> out;
  const auto parts = base::split(text, separator);
  for (std::size_t i = 0; i < std::min(Count, parts.size()); ++i)
    out[i] = base::trim(parts[i]);
  return out;
}

bool is_uuid_digits(std::string_view text) noexcept {
  return text.size() == 32 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

/// The element with this number, added when there is none.
template <class Numbered>
Numbered& numbered(std::vector<Numbered>& all, unsigned number) {
  const auto same = [number](const Numbered& each) { return each.number == number; };
  const auto found = std::find_if(all.begin(), all.end(), same);
  if (found != all.end()) return *found;
  all.emplace_back().number = number;
  return all.back();
}

bool read_memory(Inventory& inventory, std::string_view line) {
  Memory memory;
  Scan scan(line);
  scan.literal("M:").number(memory.lower, 16).literal(",U:").number(memory.upper, 16);
  if (scan.complete()) inventory.memory = memory;
  return scan.complete();
}

bool read_bus(Inventory& inventory, std::string_view line) {
  std::array<std::string_view, 5> parts;
  Scan scan(line);
  scan.literal("B:").until(',', parts[0]).literal("f:").until(',', parts[1]);
  scan.literal("v:").until(',', parts[2]).literal("d:").until(',', parts[3]);
  scan.literal("c:").until(',', parts[4]).literal("s:");
  if (!scan.ok()) return false;
  inventory.bus.push_back({std::string(parts[0]), std::string(parts[1]), std::string(parts[2]),
                           std::string(parts[3]), std::string(parts[4]),
                           std::string(base::trim(scan.rest()))});
  return true;
}

/// `D:(hd0):CHS(1023,255,63)=16777216`
bool read_disk(Inventory& inventory, std::string_view line) {
  Disk disk;
  Scan scan(line);
  scan.literal("D:(hd").number(disk.number).literal("):CHS(").number(disk.cylinders);
  scan.literal(",").number(disk.heads).literal(",").number(disk.sectors);
  scan.literal(")=").number(disk.size);
  if (!scan.complete()) return false;
  numbered(inventory.disks, disk.number) = disk;
  return true;
}

/// `P:0,t:83,s:2048,l:15986688`
bool read_partition(Inventory& inventory, std::string_view line) {
  Partition part;
  Scan scan(line);
  scan.literal("P:").number(part.number).literal(",t:").number(part.type, 16);
  scan.literal(",s:").number(part.start).literal(",l:").number(part.length);
  if (!scan.complete() || part.type > 0xFF || inventory.disks.empty()) return false;
  numbered(inventory.disks.back().partitions, part.number) = part;
  return true;
}

bool read_bios(Inventory& inventory, std::string_view line) {
  auto [vendor, version, date] = fields<3>(line.substr(3), '|');
  inventory.bios = Bios{std::move(vendor), std::move(version), std::move(date)};
  return true;
}

bool read_system(Inventory& inventory, std::string_view line) {
  auto [manufacturer, product, version, serial, uuid] = fields<5>(line.substr(3), '|');
  if (!is_uuid_digits(uuid)) uuid.clear();
  inventory.system = SystemBoard{std::move(manufacturer), std::move(product), std::move(version),
                                 std::move(serial), std::move(uuid)};
  return true;
}

bool read_enclosure(Inventory& inventory, std::string_view line) {
  auto [vendor, type] = fields<2>(line.substr(3), '|');
  inventory.enclosure = Enclosure{std::move(vendor), std::move(type)};
  return true;
}

/// `SM:256:9:DIMM 0:7:18756`; a location may hold colons.
bool read_slot(Inventory& inventory, std::string_view line) {
  const auto parts = base::split(line.substr(3), ':');
  if (parts.size() < 5) return false;
  const auto number = [](std::string_view text) {
    return base::parse_integer<std::uint64_t>(base::trim(text)).value_or(0);
  };
  MemorySlot slot;
  slot.size = number(parts[0]);
  slot.form_factor = base::trim(parts[1]);
  const std::vector<std::string_view> location(parts.begin() + 2, parts.end() - 2);
  slot.location = base::trim(base::join(location, ":"));
  slot.type = number(parts[parts.size() - 2]);
  slot.speed = number(parts.back());
  inventory.slots.push_back(std::move(slot));
  return true;
}

bool read_processors(Inventory& inventory, std::string_view line) {
  unsigned count = 0;
  if (!Scan(line).literal("S4:").number(count).complete() || count > k_most_processors) {
    return false;
  }
  inventory.processors = count;
  return true;
}

bool read_features(Inventory& inventory, std::string_view line) {
  std::vector<unsigned> features;
  for (const std::string_view part : base::split(line.substr(2), ',')) {
    unsigned byte = 0;
    if (!Scan(base::trim(part)).number(byte, 16).complete() || byte > 0xFF) return false;
    features.push_back(byte);
  }
  inventory.processor_features = std::move(features);
  return true;
}

bool read_frequency(Inventory& inventory, std::string_view line) {
  std::uint64_t khz = 0;
  if (!Scan(line).literal("F:").number(khz).complete()) return false;
  inventory.processor_khz = khz;
  return true;
}

/// `cpuf 0:b2h`
bool read_family(Inventory& inventory, std::string_view line) {
  unsigned number = 0;
  std::string_view code;
  if (!Scan(line).literal("cpuf ").number(number).literal(":").until('h', code).complete()) {
    return false;
  }
  inventory.processor_family = base::to_upper(base::trim(code));
  if (inventory.processor_family.size() == 1) inventory.processor_family.insert(0, 1, '0');
  return true;
}

bool read_mac(Inventory& inventory, std::string_view line) {
  inventory.mac = base::trim(line.substr(3));
  return true;
}

/// `IPADDR:192.0.2.7:1024`; an IPv6 address holds colons.
bool read_address(Inventory& inventory, std::string_view line) {
  const std::string_view rest = line.substr(line.find(':') + 1);
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto port = base::parse_integer<std::uint64_t>(base::trim(rest.substr(colon + 1)));
  if (!port) return false;
  inventory.ip = base::trim(rest.substr(0, colon));
  inventory.port = *port;
  return true;
}

bool read_netmask(Inventory& inventory, std::string_view line) {
  inventory.netmask = base::trim(line.substr(line.find(':') + 1));
  return true;
}

bool read_gateway(Inventory& inventory, std::string_view line) {
  inventory.gateway = base::trim(line.substr(line.find(':') + 1));
  return true;
}

struct LineRule {
  std::string_view prefix;
  bool (*read)(Inventory& inventory, std::string_view line);
};

constexpr std::array<LineRule, 16> k_rules = {{
    {"M:", read_memory},
    {"B:", read_bus},
    {"D:", read_disk},
    {"P:", read_partition},
    {"S0:", read_bios},
    {"S1:", read_system},
    {"S3:", read_enclosure},
    {"SM:", read_slot},
    {"S4:", read_processors},
    {"C:", read_features},
    {"F:", read_frequency},
    {"cpuf ", read_family},
    {"Mc:", read_mac},
    {"IPADDR:", read_address},
    {"mask:", read_netmask},
    {"gateway:", read_gateway},
}};

bool read_line(Inventory& inventory, std::string_view line) {
  const auto fits = [line](const LineRule& rule) { return line.starts_with(rule.prefix); };
  const auto rule = std::find_if(k_rules.begin(), k_rules.end(), fits);
  return rule != k_rules.end() && rule->read(inventory, line);
}

}  // namespace

Inventory parse_inventory(std::string_view text, std::string_view sender) {
  Inventory inventory;
  for (const std::string_view raw : base::split(text, '\n')) {
    const std::string cleaned = clean(raw);
    const std::string_view line = base::trim(cleaned);
    if (line.empty() || read_line(inventory, line)) continue;
    inventory.unknown.emplace_back(line);
  }
  if (!sender.empty()) {
    inventory.ip = sender;
    inventory.port = 0;
  }
  return inventory;
}

std::string type_hex(const Partition& partition) {
  const auto type = static_cast<unsigned char>(partition.type);
  constexpr std::string_view k_digits = "0123456789abcdef";
  return {k_digits[type >> 4U], k_digits[type & 0x0FU]};
}

}  // namespace pulse2::pxe
