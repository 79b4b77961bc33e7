#include <utility>

#include "base/text.hpp"
#include "imaging/service.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "os/pool_task.hpp"

/// What Service does about restoration discs.
namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;

namespace {

constexpr int k_progress_step = 10;  // per cent from one line in the log to the next
constexpr std::size_t k_shown_output = 2000;

/// Logs the generator's progress in steps.
class ProgressLog {
 public:
  explicit ProgressLog(std::string disc) : m_disc(std::move(disc)) {}
  void operator()(std::string_view line) {
    const auto percent = progress_of(line);
    if (!percent || *percent < m_next) return;
    m_next = *percent - *percent % k_progress_step + k_progress_step;
    log::info("imaging.iso.progress", "{}: {} %", m_disc, *percent);
  }

 private:
  std::string m_disc;
  int m_next = k_progress_step;
};

}  // namespace

Awaitable<Expected<void>> Service::create_iso(std::string image, std::uint64_t volume_size,
                                              std::string title) {
  DiscOrder order{std::move(image), std::move(title), volume_size};
  const auto checked = co_await os::run_on(m_pool, [&] { return m_workshop.check(order); });
  if (!checked) co_return tl::unexpected(checked.error());
  spawn(build_disc(std::move(order)));
  co_return Expected<void>{};
}

Awaitable<void> Service::build_disc(DiscOrder order) {
  // One at a time: they would only share the disks.
  const auto guard = co_await m_building.acquire();
  if (m_stopping) co_return;
  log::info("imaging.iso.begun", "building '{}' from image {}", order.title, order.image);
  const auto material = co_await os::run_on(m_pool, [&] { return m_workshop.prepare(order); });
  Expected<std::vector<std::string>> names;
  if (material) {
    names = co_await build_volumes(order, *material);
    co_await os::run_on(m_pool, [&] { return m_workshop.clear(material->folder), true; });
  } else {
    names = tl::unexpected(material.error());
  }
  if (!names) {
    log::error("imaging.iso.failed", "'{}' from image {}: {}", order.title, order.image,
               names.error().for_operator());
    co_return;
  }
  for (const std::string& name : *names)
    log::info("imaging.iso.done", "{} is ready", name);
}

Awaitable<Expected<std::vector<std::string>>> Service::build_volumes(const DiscOrder& order,
                                                                     const DiscMaterial& material) {
  for (std::size_t volume = 0; volume < material.volumes.size(); ++volume) {
    const auto built = co_await build_volume(order, material, volume);
    if (!built) co_return tl::unexpected(built.error());
  }
  co_return co_await os::run_on(m_pool, [&] { return m_workshop.publish(order, material); });
}

Awaitable<Expected<void>> Service::build_volume(const DiscOrder& order,
                                                const DiscMaterial& material, std::size_t volume) {
  const std::string disc = disc_name(order.title, 1, volume + 1);
  const auto result = co_await run_generator(m_workshop.arguments(order, material, volume), disc);
  if (!result) co_return tl::unexpected(result.error());
  if (m_stopping) co_return base::fail(ErrorKind::cancelled, "the server stops");
  if (result->status == 0) co_return Expected<void>{};
  const auto& output = result->output;
  const auto shown = output.size() > k_shown_output ? output.size() - k_shown_output : 0;
  co_return base::fail(ErrorKind::io,
                       "the generator ended with status " + std::to_string(result->status),
                       std::string(base::trim(std::string_view(output).substr(shown))));
}

/// The configured generator, or what is installed instead.
Awaitable<Expected<os::ChildResult>> Service::run_generator(std::vector<std::string> arguments,
                                                            std::string disc) {
  const std::string& configured = m_options.imaging.isogen_tool;
  std::vector<std::string> programs = {configured};
  if (!configured.starts_with('/') || !os::status_of(configured)) {
    programs = {"genisoimage", "xorrisofs"};
    if (!configured.starts_with('/')) programs.insert(programs.begin(), configured);
  }
  Expected<os::ChildResult> result;
  for (const std::string& program : programs) {
    if (program != configured) {
      log::info("imaging.iso.other_tool", "{} is absent: {} is used", configured, program);
    }
    os::ChildOptions options;
    options.arguments = arguments;
    options.arguments.insert(options.arguments.begin(), program);
    options.environment = {"LC_ALL=C.UTF-8"};
    options.on_line = ProgressLog(disc);
    result = co_await run_child(std::move(options));
    if (result || result.error().kind != ErrorKind::not_found) co_return result;
  }
  co_return base::fail(ErrorKind::unavailable,
                       "no ISO generator: neither " + base::join(programs, " nor "));
}

}  // namespace pulse2::imaging
