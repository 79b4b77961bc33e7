#include <string>
#include <utility>

#include "pxe/inventory.hpp"

namespace pulse2::pxe {
namespace {

using xmlrpc::Array;
using xmlrpc::Struct;

Struct partition_struct(const Partition& part) {
  return {{"type", part.type},
          {"type_hex", type_hex(part)},
          {"start", part.start},
          {"length", part.length},
          {"length_mb", megabytes(part.length)}};
}

Struct disk_struct(const Disk& disk) {
  Struct parts;
  for (const Partition& part : disk.partitions)
    parts.append(std::to_string(part.number), partition_struct(part));
  // `size` repeats S: the agent stores it as the disk's capacity.
  return {{"C", disk.cylinders},      {"H", disk.heads},
          {"S", disk.sectors},        {"size", disk.sectors},
          {"lba_size", disk.size},    {"lba_size_mb", megabytes(disk.size)},
          {"parts", std::move(parts)}};
}

Struct disks_struct(const Inventory& inventory) {
  Struct disks;
  for (const Disk& disk : inventory.disks)
    disks.append(std::to_string(disk.number), disk_struct(disk));
  return disks;
}

Struct bus_struct(const Inventory& inventory) {
  Struct bus;
  for (const BusDevice& device : inventory.bus) {
    bus.append(std::to_string(bus.size()), Struct{{"bus", device.bus},
                                                  {"dev", device.function},
                                                  {"vendor", device.vendor},
                                                  {"device", device.device},
                                                  {"class", device.device_class},
                                                  {"subclass", device.subclass}});
  }
  return bus;
}

Struct memory_struct(const Inventory& inventory) {
  if (!inventory.memory) return {};
  return {{"lower", inventory.memory->lower}, {"upper", inventory.memory->upper}};
}

Struct bios_struct(const Inventory& inventory) {
  if (!inventory.bios) return {};
  const Bios& bios = *inventory.bios;
  return {{"vendor", bios.vendor}, {"version", bios.version}, {"date", bios.date}};
}

Struct system_struct(const Inventory& inventory) {
  if (!inventory.system) return {};
  const SystemBoard& system = *inventory.system;
  return {{"manufacturer", system.manufacturer},
          {"product", system.product},
          {"version", system.version},
          {"serial", system.serial},
          {"uuid", system.uuid}};
}

Struct enclosure_struct(const Inventory& inventory) {
  if (!inventory.enclosure) return {};
  return {{"vendor", inventory.enclosure->vendor}, {"type", inventory.enclosure->type}};
}

Array slots_array(const Inventory& inventory) {
  Array slots;
  for (const MemorySlot& slot : inventory.slots) {
    slots.emplace_back(Struct{{"size", slot.size},
                              {"ff", slot.form_factor},
                              {"location", slot.location},
                              {"type", slot.type},
                              {"speed", slot.speed}});
  }
  return slots;
}

}  // namespace

xmlrpc::Struct to_struct(const Inventory& inventory) {
  const Array features(inventory.processor_features.begin(), inventory.processor_features.end());
  return {{"mem", memory_struct(inventory)},
          {"bus", bus_struct(inventory)},
          {"disk", disks_struct(inventory)},
          {"bios", bios_struct(inventory)},
          {"sys", system_struct(inventory)},
          {"enclos", enclosure_struct(inventory)},
          {"memslot", slots_array(inventory)},
          {"numcpu", inventory.processors},
          {"featcpu", features},
          {"freqcpu", inventory.processor_khz},
          {"macaddr", inventory.mac},
          {"ipaddr", Struct{{"ip", inventory.ip}, {"port", inventory.port}}},
          {"netmask", inventory.netmask},
          {"gateway", inventory.gateway}};
}

}  // namespace pulse2::pxe
