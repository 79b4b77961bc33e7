#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.hpp"
#include "base/uuid.hpp"
#include "imaging/service.hpp"
#include "log/log.hpp"
#include "os/pool_task.hpp"

/// What Service does about computers.
namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;
using xmlrpc::Array;
using xmlrpc::Struct;

namespace {

/// Packets of PXE clients are told in quotes (contract 07).
std::string_view without_quotes(std::string_view message) {
  const bool is_quoted = message.size() > 1 && message.front() == message.back() &&
                         (message.front() == '\'' || message.front() == '"');
  return is_quoted ? message.substr(1, message.size() - 2) : message;
}

/// Steps that administrators follow in the log, with or without `: complement`.
bool is_milestone(std::string_view message) {
  const std::string_view step = message.substr(0, message.find(": "));
  return step == "booted" || step == "restoration started" || step == "restoration finished";
}

/// The agent may send a long integer as text.
std::optional<int> to_item(const xmlrpc::Value& value) {
  if (const auto text = value.as_string()) return base::parse_integer<int>(*text);
  const auto number = value.as_int();
  if (!number || *number < 0 || *number > std::numeric_limits<int>::max()) return std::nullopt;
  return static_cast<int>(*number);
}

}  // namespace

Awaitable<Expected<Computer>> Service::find_computer(Address address) {
  return m_registry->find(std::move(address));
}

Awaitable<Expected<xmlrpc::Value>> Service::computer_record(Address address) {
  return m_registry->record(std::move(address));
}

bool Service::is_cached(const base::Mac& mac) {
  return m_registry->find_cached(mac).has_value();
}

Array Service::action_params(const Computer& computer, int level, std::string phase,
                             std::string message) const {
  if (const auto step = without_quotes(message); is_milestone(step)) {
    log::info("imaging.client", "{} ({}): {}", computer.shortname, computer.mac.text(),
              base::printable(step));
  }
  return {m_options.imaging.uuid, computer.uuid, level, std::move(phase), std::move(message)};
}

Awaitable<Expected<Logged>> Service::log_action(Address address, int level, std::string phase,
                                                std::string message) {
  const auto computer = co_await m_registry->find(address);
  if (!computer) co_return Logged::unknown;
  Array params = action_params(*computer, level, std::move(phase), std::move(message));
  const auto sent = co_await m_outbox->send("imaging.logClientAction", std::move(params));
  if (!sent) co_return tl::unexpected(sent.error());
  co_return *sent ? Logged::taken : Logged::queued;
}

Awaitable<Expected<Logged>> Service::post_action(Address address, int level, std::string phase,
                                                 std::string message) {
  const auto computer = co_await m_registry->find_sender(address);
  if (!computer) co_return Logged::unknown;
  Array params = action_params(*computer, level, std::move(phase), std::move(message));
  const auto posted = co_await m_outbox->post("imaging.logClientAction", std::move(params));
  if (!posted) co_return tl::unexpected(posted.error());
  co_return Logged::queued;
}

Awaitable<Expected<bool>> Service::register_computer(std::string name, std::string address,
                                                     bool wait) {
  const auto computer = co_await m_registry->register_at_agent(std::move(name), address, wait);
  if (!computer) {
    if (computer.error().kind == ErrorKind::no_space ||
        computer.error().kind == ErrorKind::internal) {
      co_return tl::unexpected(computer.error());
    }
    log::warning("imaging.register.refused", "{} is not registered: {}", base::printable(address),
                 computer.error().for_operator());
    co_return false;
  }
  const auto made = co_await prepare_folder(computer->uuid);
  if (!made) co_return tl::unexpected(made.error());
  log::info("imaging.register.done", "{} ({}) is registered as {}", computer->shortname,
            computer->mac.text(), computer->uuid);
  co_return true;
}

Awaitable<bool> Service::register_from_agent(std::string name, std::string address, Struct data) {
  const auto* uuid_value = data.find("uuid");
  const auto* menu_value = data.find("menu");
  const auto uuid = uuid_value == nullptr ? std::nullopt : uuid_value->as_string();
  const auto mac = base::Mac::parse(address);
  const auto parts = parse_computer_name(name);
  if (!uuid || !base::is_uuid(*uuid) || !mac || !parts) {
    log::warning("imaging.register.refused",
                 "'{}' at '{}': a name, a MAC address and a UUID were expected",
                 base::printable(name), base::printable(address));
    co_return false;
  }
  const auto computer = co_await m_registry->adopt(std::string(*uuid), *parts, *mac);
  if (!computer) {
    log::warning("imaging.register.refused", "{}: {}", *uuid, computer.error().for_operator());
    co_return false;
  }
  const auto made = co_await prepare_folder(computer->uuid);
  if (!made) {
    log::error("imaging.register.failed", "{}: {}", computer->uuid, made.error().for_operator());
    co_return false;
  }
  const Struct* menus = menu_value == nullptr ? nullptr : menu_value->as_struct();
  if (menus == nullptr) co_return false;
  const auto set = co_await m_menus->set(*menus);
  co_return std::find(set.begin(), set.end(), computer->uuid) != set.end();
}

Awaitable<bool> Service::update_computer(std::string address) {
  Array params = {std::move(address)};
  const auto answer = co_await m_agent->call("imaging.getMenu", std::move(params));
  if (!answer) {
    log::warning("imaging.menu.unknown", "a menu can't be asked for: {}",
                 answer.error().for_operator());
  }
  co_return answer.has_value();
}

Awaitable<Expected<void>> Service::prepare_folder(std::string uuid) {
  if (!base::is_uuid(uuid)) {
    co_return base::fail(ErrorKind::invalid_argument, "'" + base::printable(uuid) + "' is no UUID");
  }
  co_return co_await os::run_on(m_pool,
                                [this, &uuid] { return m_menu_files.make_computer_folder(uuid); });
}

Awaitable<Expected<bool>> Service::inject_inventory(Address address, Struct inventory) {
  const auto computer = co_await m_registry->find(address);
  if (!computer) co_return tl::unexpected(computer.error());
  Array params = {m_options.imaging.uuid, computer->uuid, std::move(inventory)};
  const auto answer = co_await m_agent->call("imaging.injectInventory", std::move(params));
  if (!answer) co_return tl::unexpected(answer.error());
  const bool taken = accepted(*answer).has_value();
  if (!taken) {
    log::warning("imaging.inventory.refused", "the inventory of {}: {}", computer->mac.text(),
                 describe_answer(*answer));
  }
  co_return taken;
}

Awaitable<Expected<int>> Service::default_menu_item(Address address) {
  const auto computer = m_registry->find_cached(address.mac);
  if (!computer) co_return tl::unexpected(computer.error());
  Array params = {computer->uuid};
  const auto answer = co_await m_agent->call("imaging.getDefaultMenuItem", std::move(params));
  if (!answer) co_return tl::unexpected(answer.error());
  const auto value = accepted(*answer);
  const auto item = value ? to_item(*value) : std::nullopt;
  if (!item) {
    co_return base::fail(ErrorKind::conflict,
                         "the MMC agent knows no default menu item: " + describe_answer(*answer));
  }
  co_return *item;
}

Awaitable<Expected<bool>> Service::change_default_menu_item(Address address, int item) {
  const auto computer = m_registry->find_cached(address.mac);
  if (!computer) co_return tl::unexpected(computer.error());
  Array params = {m_options.imaging.uuid, computer->uuid, item};
  const auto sent =
      co_await m_outbox->send("imaging.computerChangeDefaultMenuItem", std::move(params));
  if (!sent) co_return tl::unexpected(sent.error());
  if (*sent) co_return accepted(**sent).has_value();
  // Else the computer would boot into the same entry again and again while the agent is away.
  const auto changed = co_await m_menus->set_default_item(computer->mac, 0);
  if (!changed) {
    log::warning("imaging.menu.default_kept", "the boot menu of {} keeps its default: {}",
                 computer->mac.text(), changed.error().for_operator());
  }
  co_return true;
}

Awaitable<Expected<void>> Service::unregister_computer(std::string uuid,
                                                       std::vector<std::string> images,
                                                       bool archive) {
  const Computer* known = base::is_uuid(uuid) ? m_cache.find(std::string_view(uuid)) : nullptr;
  if (known == nullptr) {
    co_return base::fail(ErrorKind::not_found, "no computer '" + base::printable(uuid) + "'");
  }
  const base::Mac mac = known->mac;
  co_await m_menus->forget(uuid);
  const auto begun = co_await os::run_on(
      m_pool, [&] { return m_unregistrations.begin(uuid, mac, images, archive); });
  if (!begun) co_return tl::unexpected(begun.error());
  m_cache.erase(uuid);
  co_await save_cache();
  spawn(finish_unregistration(*begun));
  co_return Expected<void>{};
}

Awaitable<void> Service::save_cache() {
  const auto saved = co_await m_cache.save();
  if (!saved) log::warning("imaging.cache.not_saved", "{}", saved.error().for_operator());
}

Awaitable<void> Service::finish_interrupted(Unregistration work) {
  // Its entry may have been left by the crash; after that, it may have been registered anew.
  if (!m_unregistrations.has_folder(work.uuid)) m_cache.erase(work.uuid);
  co_await save_cache();
  co_await finish_unregistration(std::move(work));
}

Awaitable<void> Service::finish_unregistration(Unregistration work) {
  const auto done =
      co_await os::run_on(m_pool, [this, &work] { return m_unregistrations.finish(work); });
  if (!done) {
    log::error("imaging.unregister.failed", "{}: {}; the next start tries again", work.uuid,
               done.error().for_operator());
  } else if (work.archive.empty()) {
    log::info("imaging.unregister.deleted", "the data of {} and {} images were deleted", work.uuid,
              work.images.size());
  } else {
    log::info("imaging.unregister.archived", "the data of {} and {} images are in {}/{}", work.uuid,
              work.images.size(), m_options.imaging.archives_folder, work.archive);
  }
}

}  // namespace pulse2::imaging
