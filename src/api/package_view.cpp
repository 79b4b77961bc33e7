#include "api/package_view.hpp"

#include <utility>

namespace pulse2::api {
namespace {

/// The console offers to associate files with these; those that only wait for mirrors are left out.
bool may_be_associated(const catalog::Entry& entry) {
  return entry.files.empty() || entry.waits_for_files || entry.newly_associated || entry.in_edition;
}

}  // namespace

PackageView::PackageView(std::shared_ptr<const CatalogReader> catalog,
                         std::shared_ptr<const catalog::SyncLedger> ledger, std::string src)
    : m_catalog(std::move(catalog)),
      m_ledger(std::move(ledger)),
      m_src(std::move(src)),
      m_lists(std::make_shared<PackageListCache>()) {}

bool PackageView::is_available(const catalog::Entry& entry) const {
  return !entry.files.empty() && !entry.waits_for_files &&
         m_ledger->is_synchronised(m_src, entry.id);
}

bool PackageView::is_visible(const catalog::Entry& entry) const {
  return !entry.in_edition && !entry.newly_associated && is_available(entry);
}

PackageListPointer PackageView::visible() const {
  const auto snapshot = m_catalog->snapshot();
  // Asked for first: what changes meanwhile makes the list one of an old version.
  const auto version = m_ledger->version();
  if (auto list = m_lists->find(snapshot, version)) return list;
  const auto& all = snapshot->packages(m_src);
  PackageList::Packages visible;
  visible.reserve(all.size());
  for (const auto& entry : all) {
    if (is_visible(*entry)) visible.push_back(entry);
  }
  return m_lists->keep(snapshot, version, std::move(visible));
}

xmlrpc::Array PackageView::pending() const {
  const auto snapshot = m_catalog->snapshot();
  xmlrpc::Array pending;
  for (const auto& entry : snapshot->packages(m_src)) {
    if (is_visible(*entry)) continue;
    xmlrpc::Struct record = entry->record();
    if (may_be_associated(*entry)) record["why"] = "association";
    pending.emplace_back(std::move(record));
  }
  return pending;
}

OnePackage PackageView::available(std::string_view pid) const {
  OnePackage entry = known(pid);
  return entry && is_available(*entry) ? entry : nullptr;
}

OnePackage PackageView::known(std::string_view pid) const {
  return m_catalog->snapshot()->find(m_src, pid);
}

bool PackageView::has_visible(std::string_view pid) const {
  const OnePackage entry = known(pid);
  return entry && is_visible(*entry);
}

}  // namespace pulse2::api
