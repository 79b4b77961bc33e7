#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/package_view.hpp"
#include "catalog/editor.hpp"
#include "catalog/sync_ledger.hpp"
#include "config/settings.hpp"
#include "net/site.hpp"
#include "os/thread_pool.hpp"

namespace pulse2::app {

/// What the services of a site work with.
struct SiteParts {
  std::shared_ptr<const api::CatalogReader> catalog;
  std::shared_ptr<const catalog::SyncLedger> ledger;
  std::shared_ptr<catalog::Editor> editor;
  os::ThreadPool* pool = nullptr;       ///< must outlive the site
  std::string public_host;              ///< for URLs given to clients
  std::function<std::string()> health;  ///< see api::make_health_handler
};

/// All routes, credentials and limits that the settings ask for.
[[nodiscard]] std::shared_ptr<const net::Site> build_site(const config::Settings& settings,
                                                          const SiteParts& parts);

}  // namespace pulse2::app
