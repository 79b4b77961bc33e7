#include "catalog/package_locks.hpp"

#include <utility>

namespace pulse2::catalog {

PackageLocks::Guard::~Guard() {
  if (!m_mutex) return;
  m_mutex->unlock();
  m_locks.forget(m_pid, m_mutex);
}

PackageLocks::Guard PackageLocks::lock(std::string_view pid) {
  auto mutex = mutex_of(pid);
  mutex->lock();
  return {*this, pid, std::move(mutex)};
}

std::optional<PackageLocks::Guard> PackageLocks::try_lock(std::string_view pid) {
  auto mutex = mutex_of(pid);
  if (mutex->try_lock()) return Guard(*this, pid, std::move(mutex));
  forget(std::string(pid), mutex);
  return std::nullopt;
}

std::shared_ptr<std::mutex> PackageLocks::mutex_of(std::string_view pid) {
  const std::lock_guard lock(m_mutex);
  const auto known = m_mutexes.find(pid);
  auto& slot = known == m_mutexes.end() ? m_mutexes[std::string(pid)] : known->second;
  auto mutex = slot.lock();
  if (!mutex) slot = mutex = std::make_shared<std::mutex>();
  return mutex;
}

void PackageLocks::forget(const std::string& pid, std::shared_ptr<std::mutex>& mutex) {
  const std::lock_guard lock(m_mutex);
  mutex.reset();
  const auto slot = m_mutexes.find(pid);
  if (slot != m_mutexes.end() && slot->second.expired()) m_mutexes.erase(slot);
}

}  // namespace pulse2::catalog
