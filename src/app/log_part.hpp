#pragma once

#include "app/reloader.hpp"

namespace pulse2::app {

/// The log's part in a reload: lines go where `next` says, and files are opened again. Error for a
/// file that lines would go to newly and that can't be written.
[[nodiscard]] base::Expected<Reloader::Commit> prepare_log(const Configuration& running,
                                                           const Configuration& next);

}  // namespace pulse2::app
