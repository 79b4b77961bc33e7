#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/package_view.hpp"
#include "catalog/editor.hpp"
#include "catalog/sync_ledger.hpp"
#include "config/settings.hpp"
#include "imaging/administration.hpp"
#include "mirroring/status.hpp"
#include "net/site.hpp"
#include "os/serial_tasks.hpp"

namespace pulse2::app {

/// What the services of a site work with.
struct SiteParts {
  std::shared_ptr<const api::CatalogReader> catalog;
  std::shared_ptr<const catalog::SyncLedger> ledger;
  std::shared_ptr<catalog::Editor> editor;
  std::shared_ptr<imaging::Administration> imaging;               ///< null: no imaging API
  os::SerialTasks* tasks = nullptr;                               ///< must outlive the site
  std::string public_host;                                        ///< for URLs given to clients
  std::function<std::string()> health;                            ///< see api::make_health_handler
  std::function<std::vector<mirroring::TargetReport>()> mirrors;  ///< how it stands with targets
  std::size_t max_connections = 0;  ///< of the configured ones, so many as the system allows
};

/// All routes, credentials and limits that the settings ask for.
[[nodiscard]] std::shared_ptr<const net::Site> build_site(const config::Settings& settings,
                                                          const SiteParts& parts);

}  // namespace pulse2::app
