#include "app/imaging_part.hpp"

#include "imaging/layout.hpp"
#include "log/log.hpp"

namespace pulse2::app {

std::shared_ptr<imaging::Service> make_imaging(const config::Settings& settings,
                                               os::ThreadPool& pool, store::State& state,
                                               const os::Clock& clock) {
  if (!settings.imaging_api) return nullptr;
  const auto problems = imaging::missing_parts(*settings.imaging_api);
  for (const auto& problem : problems)
    log::error("imaging.missing", "{}", problem);
  if (!problems.empty()) {
    log::error("imaging.off",
               "the server runs without imaging; `pulse2-package-server setup --create-folders` "
               "makes the folders");
    return nullptr;
  }
  auto service = std::make_shared<imaging::Service>(
      imaging::ServiceOptions{*settings.imaging_api, settings.mmc_agent}, pool, state, clock);
  if (const auto loaded = service->load(); !loaded) {
    log::error("imaging.off", "the server runs without imaging: {}", loaded.error().for_operator());
    return nullptr;
  }
  return service;
}

}  // namespace pulse2::app
