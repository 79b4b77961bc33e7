#pragma once

#include <memory>

#include "config/settings.hpp"
#include "tftp/server.hpp"

/// The TFTP server as the configuration wants it.
namespace pulse2::app {

/// Null when it is off or there is no folder to serve.
[[nodiscard]] std::unique_ptr<tftp::Server> make_tftp_server(const config::Settings& settings);

/// What a reload may change. The folders for boot loader, boot menus, diskless tools and images are
/// seen under their path in base_folder, or under their own name when they lie elsewhere.
[[nodiscard]] tftp::Rules tftp_rules(const config::Settings& settings);

}  // namespace pulse2::app
