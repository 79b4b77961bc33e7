#include "pxe/ocs_xml.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/text.hpp"
#include "pxe/name_tables.hpp"

namespace pulse2::pxe {
namespace {

constexpr std::string_view k_unknown = "Unknown";
constexpr std::string_view k_system_name = "Unknown operating system (PXE network boot inventory)";
constexpr std::string_view k_default_family = "02";

/// The code point at `i` of valid UTF-8; `i` moves behind it.
char32_t next_code_point(std::string_view text, std::size_t& i) noexcept {
  const auto first = static_cast<unsigned char>(text[i++]);
  if (first < 0x80) return first;
  const int more = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  char32_t code = first & (0x3FU >> static_cast<unsigned>(more));
  for (int n = 0; n < more && i < text.size(); ++n)
    code = (code << 6U) | (static_cast<unsigned char>(text[i++]) & 0x3FU);
  return code;
}

/// Element content in ASCII: what is not becomes a character reference.
void append_text(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const char32_t code = next_code_point(text, i);
    if (code == U'&') {
      out += "&amp;";
    } else if (code == U'<') {
      out += "&lt;";
    } else if (code == U'>') {
      out += "&gt;";
    } else if (code == 0xFFFE || code == 0xFFFF || code < 0x20) {
      out += '?';
    } else if (code < 0x80) {
      out += static_cast<char>(code);
    } else {
      out += "&#" + std::to_string(static_cast<std::uint32_t>(code)) + ';';
    }
  }
}

/// Builds a document without white space between elements.
class Xml {
 public:
  Xml() : m_text(R"(<?xml version="1.0" encoding="utf-8"?>)") {}

  void leaf(std::string_view tag, std::string_view text) {
    const std::string_view trimmed = base::trim(text);
    m_text += '<';
    m_text += tag;
    if (trimmed.empty()) {
      m_text += " />";
      return;
    }
    m_text += '>';
    append_text(m_text, trimmed);
    close(tag);
  }

  /// An element with what `content` writes in it.
  template <class Content>
  void element(std::string_view tag, Content content) {
    m_text += '<';
    m_text += tag;
    m_text += '>';
    content();
    close(tag);
  }

  [[nodiscard]] std::string text() && { return std::move(m_text); }

 private:
  void close(std::string_view tag) {
    m_text += "</";
    m_text += tag;
    m_text += '>';
  }

  std::string m_text;
};

std::string date_text(const std::tm& time, char between, char in_time) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%04d-%02d-%02d%c%02d%c%02d%c%02d",
                                   time.tm_year + 1900, time.tm_mon + 1, time.tm_mday, between,
                                   time.tm_hour, in_time, time.tm_min, in_time, time.tm_sec);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::string dashed(std::string_view uuid) {
  if (uuid.size() != 32) return {};
  std::string out(uuid);
  for (const std::size_t at : {20U, 16U, 12U, 8U})
    out.insert(at, 1, '-');
  return out;
}

std::string megahertz(const Inventory& inventory) {
  return inventory.processor_khz == 0 ? "" : std::to_string(inventory.processor_khz / 1000);
}

std::string_view family_name(const Inventory& inventory) {
  const auto name = processor_family_name(inventory.processor_family);
  return name ? *name : processor_family_name(k_default_family).value_or(k_unknown);
}

/// The four numbers of an IPv4 address in one, nothing when it is none.
std::optional<std::uint32_t> ipv4(std::string_view text) {
  const auto parts = base::split(text, '.');
  if (parts.size() != 4) return std::nullopt;
  std::uint32_t address = 0;
  for (const std::string_view part : parts) {
    const auto number = base::parse_integer<std::uint8_t>(part);
    if (!number) return std::nullopt;
    address = address << 8U | *number;
  }
  return address;
}

std::string subnet(const Inventory& inventory) {
  const auto address = ipv4(inventory.ip);
  const auto mask = ipv4(inventory.netmask);
  if (!address || !mask) return {};
  const std::uint32_t net = *address & *mask;
  std::string text = std::to_string(net >> 24U);
  for (const unsigned shift : {16U, 8U, 0U})
    text += '.' + std::to_string(net >> shift & 0xFFU);
  return text;
}

void write_bios(Xml& xml, const Inventory& inventory) {
  const Bios bios = inventory.bios.value_or(Bios{});
  const SystemBoard system = inventory.system.value_or(SystemBoard{});
  xml.element("BIOS", [&] {
    for (const std::string_view tag : {"ASSETTAG", "MMANUFACTURER", "MMODEL", "MSN", "SKUNUMBER"})
      xml.leaf(tag, "");
    xml.leaf("BDATE", bios.date);
    xml.leaf("BMANUFACTURER", bios.vendor);
    xml.leaf("BVERSION", bios.version);
    xml.leaf("SMANUFACTURER", system.manufacturer);
    xml.leaf("SMODEL", system.product);
    xml.leaf("SSN", system.serial);
  });
}

void write_hardware(Xml& xml, const Inventory& inventory, const OcsComputer& computer) {
  const std::string chassis = inventory.enclosure ? inventory.enclosure->type : "";
  xml.element("HARDWARE", [&] {
    xml.leaf("IPADDR", inventory.ip);
    xml.leaf("DEFAULTGATEWAY", inventory.gateway);
    xml.leaf("NAME", computer.name);
    xml.leaf("UUID", inventory.system ? dashed(inventory.system->uuid) : "");
    xml.leaf("OSNAME", k_system_name);
    xml.leaf("CHASSIS_TYPE", chassis_name(chassis).value_or(k_unknown));
    xml.leaf("PROCESSORS", megahertz(inventory));
    xml.leaf("PROCESSORN", inventory.processors == 0 ? "" : std::to_string(inventory.processors));
    xml.leaf("PROCESSORT", family_name(inventory));
  });
}

void write_processors(Xml& xml, const Inventory& inventory) {
  for (unsigned i = 0; i < inventory.processors; ++i) {
    xml.element("CPUS", [&] {
      xml.leaf("SPEED", megahertz(inventory));
      xml.leaf("NAME", family_name(inventory));
    });
  }
}

void write_network(Xml& xml, const Inventory& inventory) {
  xml.element("NETWORKS", [&] {
    xml.leaf("DESCRIPTION", "eth0");
    xml.leaf("IPADDRESS", inventory.ip);
    xml.leaf("MACADDR", inventory.mac);
    xml.leaf("IPMASK", inventory.netmask);
    xml.leaf("IPGATEWAY", inventory.gateway);
    xml.leaf("IPSUBNET", subnet(inventory));
    xml.leaf("STATUS", "Up");
    xml.leaf("TYPE", "Ethernet");
    xml.leaf("VIRTUALDEV", "0");
  });
}

void write_storages(Xml& xml, const Inventory& inventory) {
  for (const Disk& disk : inventory.disks) {
    xml.element("STORAGES", [&] {
      xml.leaf("NAME", "hd" + std::to_string(disk.number));
      xml.leaf("TYPE", "disk");
      xml.leaf("DISKSIZE", std::to_string(megabytes(disk.size)));
    });
  }
}

void write_drives(Xml& xml, const Inventory& inventory) {
  for (const Disk& disk : inventory.disks) {
    for (const Partition& part : disk.partitions) {
      xml.element("DRIVES", [&] {
        xml.leaf("FILESYSTEM", partition_type_name(type_hex(part)).value_or(""));
        xml.leaf("TOTAL", std::to_string(megabytes(part.length)));
        xml.leaf("TYPE", "hd" + std::to_string(disk.number) + "p" + std::to_string(part.number));
      });
    }
  }
}

void write_memories(Xml& xml, const Inventory& inventory) {
  for (const MemorySlot& slot : inventory.slots) {
    if (slot.size == 0) continue;
    xml.element("MEMORIES", [&] {
      xml.leaf("CAPACITY", std::to_string(slot.size));
      xml.leaf("CAPTION", slot.location);
      xml.leaf("DESCRIPTION", k_unknown);
      xml.leaf("MEMORYCORRECTION", k_unknown);
      xml.leaf("NUMSLOTS", "1");
      xml.leaf("SERIALNUMBER", k_unknown);
      xml.leaf("TYPE", "N/A");
      xml.leaf("SPEED", slot.speed == 0 ? "N/A" : std::to_string(slot.speed) + " MHz");
    });
  }
}

void write_content(Xml& xml, const Inventory& inventory, const OcsComputer& computer,
                   const std::tm& local_time) {
  xml.element("ACCESSLOG", [&] {
    xml.leaf("LOGDATE", date_text(local_time, ' ', ':'));
    xml.leaf("USERID", "N/A");
  });
  write_bios(xml, inventory);
  write_hardware(xml, inventory, computer);
  write_processors(xml, inventory);
  write_network(xml, inventory);
  write_storages(xml, inventory);
  write_drives(xml, inventory);
  write_memories(xml, inventory);
}

}  // namespace

std::string to_ocs_xml(const Inventory& inventory, const OcsComputer& computer,
                       const std::tm& local_time) {
  Xml xml;
  xml.element("REQUEST", [&] {
    xml.leaf("DEVICEID", computer.name + "-" + date_text(local_time, '-', '-'));
    xml.leaf("QUERY", "INVENTORY");
    xml.leaf("TAG", computer.entity);
    xml.element("CONTENT", [&] { write_content(xml, inventory, computer, local_time); });
  });
  return std::move(xml).text();
}

}  // namespace pulse2::pxe
