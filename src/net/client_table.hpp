#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "base/ip_address.hpp"
#include "net/pacer.hpp"

namespace pulse2::net {

/// Those who share the limits of one client: an IPv4 address, or the IPv6 addresses of one network
/// (a machine there has as many as it likes).
struct Client {
  explicit Client(const base::IpAddress& address) : key(address) {}

  const base::IpAddress key;
  std::size_t connections = 0;  ///< guarded by the table
  Pacer downloads;
};

/// The clients with connections, for all threads of a server.
class ClientTable {
 public:
  ClientTable();

  /// The client that an address belongs to. `ipv6_bits`: leading bits that tell IPv6 clients apart;
  /// addresses of the link (fe80::/10) always count one by one.
  [[nodiscard]] static base::IpAddress key_of(const base::IpAddress& address,
                                              unsigned ipv6_bits) noexcept;

  /// Counts a connection, unless the client has `most`: null then. Valid until leave().
  [[nodiscard]] Client* enter(const base::IpAddress& key, std::size_t most);
  /// The connection has ended. A client that waits for its rate is remembered until it is rested:
  /// it can't get rid of a debt by connecting anew. `rate`: of its downloads, 0 for none.
  void leave(Client& client, std::uint64_t rate, Pacer::Time now);
  /// Forgets those who left and are rested.
  void tidy(std::uint64_t rate, Pacer::Time now);

  /// Clients known at this moment.
  [[nodiscard]] std::size_t size() const;

 private:
  /// Seeded: nobody outside can choose addresses that collide.
  struct Hash {
    std::uint64_t seed;
    std::size_t operator()(const base::IpAddress& key) const noexcept;
  };

  static bool may_forget(Client& client, std::uint64_t rate, Pacer::Time now);

  mutable std::mutex m_mutex;
  std::unordered_map<base::IpAddress, Client, Hash> m_clients;  ///< references to values stay valid
  std::vector<base::IpAddress> m_left;  ///< without connections, but not rested
};

}  // namespace pulse2::net
