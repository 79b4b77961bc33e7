#pragma once

#include <optional>
#include <vector>

#include "base/error.hpp"
#include "config/settings.hpp"
#include "os/inherited_sockets.hpp"
#include "pxe_service/sockets.hpp"

/// The service for PXE clients as the configuration wants it.
namespace pulse2::app {

/// Whether a passed socket is for PXE clients.
[[nodiscard]] bool is_for_pxe(const os::InheritedSocket& socket);

/// Opens what the service listens on; of `passed` it takes over what is for it. Nothing without
/// imaging.
[[nodiscard]] base::Expected<std::optional<pxe_service::Sockets>> open_pxe_sockets(
    const config::Settings& settings, std::vector<os::InheritedSocket>& passed);

}  // namespace pulse2::app
