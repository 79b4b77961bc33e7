#include "net/client_table.hpp"

#include <cstring>
#include <random>

namespace pulse2::net {
namespace {

constexpr std::size_t k_first_buckets = 64;

std::uint64_t random_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

/// Finalizer of splitmix64: every bit of the input reaches every bit of the result.
std::uint64_t mix(std::uint64_t value) noexcept {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

}  // namespace

std::size_t ClientTable::Hash::operator()(const base::IpAddress& key) const noexcept {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::memcpy(&high, key.bytes.data(), sizeof high);
  std::memcpy(&low, key.bytes.data() + sizeof high, sizeof low);
  return static_cast<std::size_t>(mix(mix(high ^ seed) ^ low));
}

ClientTable::ClientTable() : m_clients(k_first_buckets, Hash{random_seed()}) {}

base::IpAddress ClientTable::key_of(const base::IpAddress& address, unsigned ipv6_bits) noexcept {
  return address.is_v4() || address.is_link_local() ? address : address.masked(ipv6_bits);
}

Client* ClientTable::enter(const base::IpAddress& key, std::size_t most) {
  const std::lock_guard lock(m_mutex);
  Client& client = m_clients.try_emplace(key, key).first->second;
  if (client.connections >= most) return nullptr;
  ++client.connections;
  return &client;
}

bool ClientTable::may_forget(Client& client, std::uint64_t rate, Pacer::Time now) {
  return client.connections == 0 && (rate == 0 || client.downloads.is_rested(rate, now));
}

void ClientTable::leave(Client& client, std::uint64_t rate, Pacer::Time now) {
  const std::lock_guard lock(m_mutex);
  if (--client.connections > 0) return;
  if (may_forget(client, rate, now)) {
    m_clients.erase(m_clients.find(client.key));
  } else {
    m_left.push_back(client.key);
  }
}

void ClientTable::tidy(std::uint64_t rate, Pacer::Time now) {
  const std::lock_guard lock(m_mutex);
  std::erase_if(m_left, [&](const base::IpAddress& key) {
    const auto found = m_clients.find(key);
    if (found == m_clients.end() || found->second.connections > 0) return true;
    if (!may_forget(found->second, rate, now)) return false;
    m_clients.erase(found);
    return true;
  });
}

std::size_t ClientTable::size() const {
  const std::lock_guard lock(m_mutex);
  return m_clients.size();
}

}  // namespace pulse2::net
