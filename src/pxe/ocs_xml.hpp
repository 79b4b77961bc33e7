#pragma once

#include <ctime>
#include <string>

#include "pxe/inventory.hpp"

/// Inventories as the inventory server takes them: OCS XML (contract 07).
namespace pulse2::pxe {

/// The computer that an inventory is about, as the console knows it.
struct OcsComputer {
  std::string name;    ///< short name
  std::string entity;  ///< becomes the TAG
};

/// The document, ASCII. `local_time`: when the inventory arrived, in local time.
[[nodiscard]] std::string to_ocs_xml(const Inventory& inventory, const OcsComputer& computer,
                                     const std::tm& local_time);

}  // namespace pulse2::pxe
