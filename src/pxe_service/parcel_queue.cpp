#include "pxe_service/parcel_queue.hpp"

#include <utility>

namespace pulse2::pxe_service {
namespace {

/// What a parcel takes beside its document.
constexpr std::size_t k_overhead = 256;

std::size_t size_of(const Parcel& parcel) {
  return parcel.document.size() + k_overhead;
}

/// A machine's own inventory and the one that stands in for it don't replace each other.
std::string name_of(const Parcel& parcel) {
  return parcel.mac.text() + (parcel.is_told ? "" : " minimal");
}

}  // namespace

std::size_t ParcelQueue::add(Parcel parcel) {
  std::string name = name_of(parcel);
  if (const auto earlier = m_places.find(name); earlier != m_places.end()) erase(earlier->second);
  m_size += size_of(parcel);
  m_parcels.push_back(std::move(parcel));
  m_places.insert_or_assign(std::move(name), std::prev(m_parcels.end()));
  std::size_t given_up = 0;
  for (; m_size > m_capacity && m_parcels.size() > 1; ++given_up)
    erase(m_parcels.begin());
  return given_up;
}

std::size_t ParcelQueue::put_back(Parcel parcel) {
  return m_places.contains(name_of(parcel)) ? 0 : add(std::move(parcel));
}

std::optional<Parcel> ParcelQueue::take() {
  if (m_parcels.empty()) return std::nullopt;
  Parcel parcel = m_parcels.front();
  erase(m_parcels.begin());
  return parcel;
}

void ParcelQueue::erase(Parcels::iterator parcel) {
  m_size -= size_of(*parcel);
  m_places.erase(name_of(*parcel));
  m_parcels.erase(parcel);
}

}  // namespace pulse2::pxe_service
