#pragma once

#include <memory>

#include "config/settings.hpp"
#include "imaging/service.hpp"
#include "os/clock.hpp"
#include "os/thread_pool.hpp"
#include "store/state.hpp"

namespace pulse2::app {

/// The imaging service that the settings ask for, loaded and not started. Null when they ask for
/// none, or when it can't run: then the log says what is missing and which option names it, and the
/// server runs without it. `pool`, `state` and `clock` outlive the service.
[[nodiscard]] std::shared_ptr<imaging::Service> make_imaging(const config::Settings& settings,
                                                             os::ThreadPool& pool,
                                                             store::State& state,
                                                             const os::Clock& clock);

}  // namespace pulse2::app
