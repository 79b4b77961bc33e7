#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/method_table.hpp"
#include "catalog/catalog.hpp"
#include "catalog/sync_ledger.hpp"
#include "catalog/tree_guard.hpp"

namespace pulse2::api {

/// What the APIs read of the catalogue. Implemented by app/ over catalog::Catalog.
class CatalogReader {
 public:
  CatalogReader() = default;
  CatalogReader(const CatalogReader&) = delete;
  CatalogReader& operator=(const CatalogReader&) = delete;
  virtual ~CatalogReader() = default;

  /// Never null.
  [[nodiscard]] virtual std::shared_ptr<const catalog::Snapshot> snapshot() const = 0;
  [[nodiscard]] virtual catalog::Progress progress() const = 0;
  /// Trees that are served as they were because their packages are out of sight.
  [[nodiscard]] virtual std::vector<catalog::FrozenTree> frozen() const = 0;
};

/// The packages below one src as its mount points show them. Cheap to copy; copies share the list
/// of what is visible.
class PackageView {
 public:
  PackageView(std::shared_ptr<const CatalogReader> catalog,
              std::shared_ptr<const catalog::SyncLedger> ledger, std::string src);

  /// It has files, waits for none and every mirror holds it (contract 03).
  [[nodiscard]] bool is_available(const catalog::Entry& entry) const;
  /// Available, and neither in edition nor newly associated.
  [[nodiscard]] bool is_visible(const catalog::Entry& entry) const;

  /// The visible packages: the same list for all that ask, until it changes.
  [[nodiscard]] PackageListPointer visible() const;
  /// The packages that are not available or not visible, those that the console may complete with
  /// a member `why`.
  [[nodiscard]] xmlrpc::Array pending() const;

  /// Null when there is no such package, or it is not available.
  [[nodiscard]] OnePackage available(std::string_view pid) const;
  /// Null when there is no such package at all in this src.
  [[nodiscard]] OnePackage known(std::string_view pid) const;
  /// Whether the package is there and visible.
  [[nodiscard]] bool has_visible(std::string_view pid) const;

  [[nodiscard]] std::shared_ptr<const catalog::Snapshot> snapshot() const {
    return m_catalog->snapshot();
  }
  [[nodiscard]] const catalog::SyncLedger& ledger() const noexcept { return *m_ledger; }
  [[nodiscard]] const std::string& src() const noexcept { return m_src; }

 private:
  std::shared_ptr<const CatalogReader> m_catalog;
  std::shared_ptr<const catalog::SyncLedger> m_ledger;
  std::string m_src;
  std::shared_ptr<PackageListCache> m_lists;  ///< shared by all copies
};

}  // namespace pulse2::api
