#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "catalog/snapshot.hpp"

namespace pulse2::catalog {

/// Holds the current snapshot. A mutex held for the copy of one pointer:
/// std::atomic<std::shared_ptr> of libstdc++ 12 is reported by the thread sanitizer.
class SnapshotCell {
 public:
  explicit SnapshotCell(std::shared_ptr<const Snapshot> first) : m_snapshot(std::move(first)) {}

  [[nodiscard]] std::shared_ptr<const Snapshot> get() const {
    const std::lock_guard lock(m_mutex);
    return m_snapshot;
  }
  void set(std::shared_ptr<const Snapshot> next) {
    {
      const std::lock_guard lock(m_mutex);
      m_snapshot.swap(next);
    }
    // The old one, if this was its last owner, is freed here: outside the lock.
  }

 private:
  mutable std::mutex m_mutex;
  std::shared_ptr<const Snapshot> m_snapshot;
};

}  // namespace pulse2::catalog
