#include <array>
#include <ctime>
#include <random>
#include <utility>

#include "base/text.hpp"
#include "base/uuid.hpp"
#include "imaging/service.hpp"
#include "log/log.hpp"
#include "os/pool_task.hpp"

/// What Service does about images.
namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;
using xmlrpc::Array;

namespace {

std::tm utc(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return parts;
}

/// Year, month, day, hour, minute, second, weekday (Monday 0), day of the year, 0.
Array date_tuple(const std::tm& date) {
  constexpr int k_week = 7;
  return {date.tm_year + 1900,
          date.tm_mon + 1,
          date.tm_mday,
          date.tm_hour,
          date.tm_min,
          date.tm_sec,
          (date.tm_wday + k_week - 1) % k_week,
          date.tm_yday + 1,
          0};
}

std::string date_text(const std::tm& date) {
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &date);
  return {text.data(), size};
}

ImageState state_of(const Images::Report& report) {
  if (!report.valid) return ImageState::invalid;
  return report.failed ? ImageState::failed : ImageState::done;
}

const char* name_of(ImageState state) {
  switch (state) {
    case ImageState::done:
      return "DONE";
    case ImageState::failed:
      return "FAILED";
    case ImageState::invalid:
      return "INVALID";
  }
  return "INVALID";
}

tl::unexpected<base::Error> no_uuid(const std::string& text) {
  return base::fail(ErrorKind::invalid_argument, "'" + base::printable(text) + "' is no UUID");
}

}  // namespace

Awaitable<Expected<std::string>> Service::make_image_folder(base::Mac mac) {
  co_return co_await os::run_on(m_pool, [this, &mac]() -> Expected<std::string> {
    std::random_device random;
    for (;;) {
      const auto now = m_clock.now().time_since_epoch();
      const auto ticks =
          base::uuid_ticks(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
      std::string uuid = base::uuid_version_1(ticks, static_cast<std::uint16_t>(random()), mac);
      const auto is_new = m_images.create(uuid);
      if (!is_new) return tl::unexpected(is_new.error());
      if (*is_new) return uuid;
    }
  });
}

Awaitable<Expected<std::string>> Service::create_image_folder(Address address) {
  const auto computer = co_await m_registry->find(address);
  if (!computer) co_return tl::unexpected(computer.error());
  const auto image = co_await make_image_folder(computer->mac);
  if (!image) co_return tl::unexpected(image.error());
  Array params = {m_options.imaging.uuid,
                  computer->uuid,
                  *image,
                  false,
                  "Backup of " + computer->shortname,
                  "In Progress",
                  m_images.path_of(*image),
                  0,
                  date_tuple(utc(m_clock.now())),
                  "",
                  "EMPTY"};
  const auto told = co_await m_outbox->post("imaging.imageRegister", std::move(params));
  if (!told) {
    co_await os::run_on(m_pool, [this, &image] { return m_images.remove_empty(*image), true; });
    co_return tl::unexpected(told.error());
  }
  log::info("imaging.image.begun", "{} ({}) begins image {}", computer->shortname,
            computer->mac.text(), *image);
  co_return *image;
}

Awaitable<Expected<ImageState>> Service::image_done(Address address, std::string image) {
  if (!base::is_uuid(image)) co_return no_uuid(image);
  const auto computer = co_await m_registry->find(address);
  if (!computer) co_return tl::unexpected(computer.error());
  const auto report =
      co_await os::run_on(m_pool, [this, &image] { return m_images.inspect(image); });
  if (!report) co_return tl::unexpected(report.error());
  const ImageState state = state_of(*report);
  const auto size = static_cast<double>(report->size);
  const std::string what = state == ImageState::invalid ? "Failed backup of " : "Backup of ";
  const std::tm now = utc(m_clock.now());
  Array params = {m_options.imaging.uuid,
                  computer->uuid,
                  image,
                  what + computer->shortname,
                  date_text(now) + ", " + base::human_size(size),
                  size,
                  date_tuple(now),
                  name_of(state)};
  const auto told = co_await m_outbox->post("imaging.imageUpdate", std::move(params));
  if (!told) co_return tl::unexpected(told.error());
  log::info("imaging.image.ended", "image {} of {} ({}): {}, {}", image, computer->shortname,
            computer->mac.text(), name_of(state), base::human_size(size));
  co_return state;
}

Awaitable<Expected<std::vector<std::string>>> Service::image_log(std::string image) {
  if (!base::is_uuid(image)) co_return no_uuid(image);
  co_return co_await os::run_on(m_pool, [this, &image] { return m_images.log(image); });
}

Awaitable<Expected<void>> Service::delete_image(std::string image) {
  if (!base::is_uuid(image)) co_return no_uuid(image);
  const auto removed =
      co_await os::run_on(m_pool, [this, &image] { return m_images.remove(image); });
  if (!removed) co_return tl::unexpected(removed.error());
  log::info("imaging.image.deleted", "image {} was deleted", image);
  spawn(purge_images());
  co_return Expected<void>{};
}

Awaitable<void> Service::purge_images() {
  const auto purged = co_await os::run_on(m_pool, [this] { return m_images.purge(); });
  if (!purged) {
    log::error("imaging.image.not_purged", "what was deleted still takes space: {}",
               purged.error().for_operator());
  }
}

}  // namespace pulse2::imaging
