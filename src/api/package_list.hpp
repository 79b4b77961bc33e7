#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "catalog/snapshot.hpp"
#include "http/response.hpp"
#include "os/memory_file.hpp"

namespace pulse2::api {

class PackageListCache;

/// Packages that are answered together. Answers that carry a large list are put together when they
/// are first asked for, then sent as files are, and kept as long as the list is; a very long one is
/// made anew while it is sent. May be used by any thread.
class PackageList {
 public:
  using Packages = std::vector<std::shared_ptr<const catalog::Entry>>;

  /// `cache`: who keeps this list for others, if anybody does.
  explicit PackageList(Packages packages, std::weak_ptr<PackageListCache> cache = {});

  [[nodiscard]] const Packages& packages() const noexcept { return *m_packages; }
  [[nodiscard]] std::shared_ptr<PackageListCache> cache() const { return m_cache.lock(); }

  /// The whole answer, compressed with `gzip`. Nothing for a large one that is not put together.
  [[nodiscard]] std::optional<http::Body> body_at_once(bool gzip) const;
  /// The same, put together where it is not: that takes milliseconds, or seconds for 100,000
  /// packages that nobody asked for compressed yet.
  [[nodiscard]] http::Body body(bool gzip) const;

  /// Bytes from which an answer is worth compressing; a smaller one fits one packet anyway.
  static constexpr std::uint64_t k_least_to_compress = 1400;
  /// Whether the answer is compressed for a client that accepts it.
  [[nodiscard]] bool is_worth_compressing() const noexcept {
    return m_plain_size >= k_least_to_compress;
  }

 private:
  class File;
  using FilePointer = std::shared_ptr<const File>;

  [[nodiscard]] FilePointer file(bool gzip) const;
  [[nodiscard]] FilePointer put_together(bool gzip) const;

  std::shared_ptr<const Packages> m_packages;
  std::weak_ptr<PackageListCache> m_cache;
  std::uint64_t m_plain_size = 0;  ///< bytes of all fragments

  mutable std::mutex m_mutex;  ///< guards m_files
  mutable FilePointer m_files[2];
};

using PackageListPointer = std::shared_ptr<const PackageList>;

/// Keeps the list of one src between calls, until what it was made of changes. May be used by any
/// thread.
class PackageListCache : public std::enable_shared_from_this<PackageListCache> {
 public:
  using SnapshotPointer = std::shared_ptr<const catalog::Snapshot>;

  /// The list that was made of this snapshot and this version of the ledger; null when it is
  /// another one, or none, that is kept.
  [[nodiscard]] PackageListPointer find(const SnapshotPointer& snapshot, std::uint64_t version);
  /// Keeps a list of these packages in the place of what is kept. The list is the one that all get.
  [[nodiscard]] PackageListPointer keep(const SnapshotPointer& snapshot, std::uint64_t version,
                                        PackageList::Packages packages);

  /// True for who has to call forget_unused() now and then until that returns false.
  [[nodiscard]] bool begin_forgetting() noexcept { return !m_is_forgetting.exchange(true); }
  /// Drops what nobody asked for since the last call. False when nothing is kept any more.
  [[nodiscard]] bool forget_unused();

 private:
  [[nodiscard]] bool is_of(const SnapshotPointer& snapshot, std::uint64_t version) const;

  std::mutex m_mutex;
  std::weak_ptr<const catalog::Snapshot> m_snapshot;
  std::uint64_t m_version = 0;
  PackageListPointer m_list;
  bool m_is_used = false;
  std::atomic<bool> m_is_forgetting{false};
};

}  // namespace pulse2::api
