#include "app/configuration.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "config/changes.hpp"
#include "log/log.hpp"
#include "os/file.hpp"

namespace pulse2::app {
namespace {

/// No configuration file is near this size.
constexpr std::uint64_t k_longest_file = 16 << 20;

/// The mistakes of the text and those that this machine shows, all of them. Certificates are looked
/// at only when the text is right: the options that name them may be the mistake.
tl::expected<Preflight, Mistakes> check(const config::Loaded& loaded, const Preflight* running) {
  Mistakes mistakes;
  for (const auto& error : mistakes_of(loaded))
    mistakes.push_back(error.to_text());
  if (!loaded.ok()) return tl::unexpected(std::move(mistakes));
  Preflight preflight = check_machine(loaded.settings, running);
  mistakes.insert(mistakes.end(), preflight.errors.begin(), preflight.errors.end());
  if (!mistakes.empty()) return tl::unexpected(std::move(mistakes));
  return preflight;
}

}  // namespace

base::Expected<config::Loaded> load_file(const std::string& path) {
  const auto text = os::read_file(path, k_longest_file);
  if (!text) return tl::unexpected(text.error());
  return config::load(*text, path);
}

std::vector<config::Diagnostic> mistakes_of(const config::Loaded& loaded) {
  auto mistakes = loaded.errors;
  const auto sources = source_mistakes(loaded);
  mistakes.insert(mistakes.end(), sources.begin(), sources.end());
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const auto& a, const auto& b) { return a.line < b.line; });
  return mistakes;
}

tl::expected<Configuration, Mistakes> check_for_start(config::Loaded loaded, bool daemon) {
  auto preflight = check(loaded, nullptr);
  if (!preflight) return tl::unexpected(std::move(preflight).error());
  return Configuration{std::move(loaded), *std::move(preflight), daemon};
}

tl::expected<Candidate, Mistakes> read_candidate(const Configuration& running) {
  auto loaded = load_file(running.loaded.file);
  if (!loaded) return tl::unexpected(Mistakes{explain_lost_rights(loaded.error())});
  std::vector<std::string> held_back;
  if (loaded->ok()) held_back = config::hold_back_fixed_options(running.settings(), *loaded);
  auto preflight = check(*loaded, &running.preflight);
  if (!preflight) return tl::unexpected(std::move(preflight).error());
  return Candidate{{*std::move(loaded), *std::move(preflight), running.daemon},
                   std::move(held_back)};
}

void log_doubts(const Configuration& configuration) {
  for (const auto& warning : configuration.loaded.warnings) {
    log::warning("config.warning", "{}", warning.to_text());
  }
  for (const auto& note : configuration.loaded.notes)
    log::info("config.note", "{}", note.to_text());
  for (const std::string& warning : configuration.preflight.warnings) {
    log::warning("start.warning", "{}", warning);
  }
}

config::LoggingPlan logging_of(const Configuration& configuration) {
  config::LoggingPlan plan =
      configuration.settings().logging_plan.value_or(config::default_logging(configuration.daemon));
  if (!configuration.daemon) config::add_standard_error(plan);
  const config::Log& log = configuration.settings().log;
  if (!log.json_log.empty()) config::add_json_file(plan, log.json_log);
  plan.access_log = log.access_log;
  plan.access_json = log.access_format == config::AccessFormat::json;
  return plan;
}

}  // namespace pulse2::app
