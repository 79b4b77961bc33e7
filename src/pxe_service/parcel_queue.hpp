#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mac.hpp"

namespace pulse2::pxe_service {

/// An inventory on its way to the inventory server.
struct Parcel {
  base::Mac mac;
  std::string address;   ///< the same as the machine wrote it: so the agent is asked
  std::string document;  ///< OCS XML
  /// The agent is told what becomes of it; false for what stands in for a machine's own inventory.
  bool is_told = true;
  bool was_delayed = false;
  int refusals = 0;  ///< answers of the inventory server that were no success
};

/// Inventories that wait: first come, first served; of each machine the latest one, within a bound
/// of memory. Knows neither clock nor net.
class ParcelQueue {
 public:
  /// Keeps about `capacity` bytes, and always the latest parcel.
  explicit ParcelQueue(std::size_t capacity) : m_capacity(capacity) {}

  /// Adds an inventory in the place of an earlier one of the machine, and gives up the oldest ones
  /// for which there is no room: their number.
  std::size_t add(Parcel parcel);
  /// Takes back one that could not be delivered, unless the machine sent another one meanwhile.
  std::size_t put_back(Parcel parcel);
  /// The one that waits for longest.
  [[nodiscard]] std::optional<Parcel> take();

  [[nodiscard]] bool empty() const noexcept { return m_parcels.empty(); }
  [[nodiscard]] std::size_t count() const noexcept { return m_parcels.size(); }
  [[nodiscard]] std::size_t size() const noexcept { return m_size; }

 private:
  using Parcels = std::list<Parcel>;  ///< oldest first

  void erase(Parcels::iterator parcel);

  std::size_t m_capacity;
  std::size_t m_size = 0;
  Parcels m_parcels;
  std::unordered_map<std::string, Parcels::iterator> m_places;  ///< by MAC address and kind
};

}  // namespace pulse2::pxe_service
