#include "imaging/menus.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <utility>

#include "base/text.hpp"
#include "base/uuid.hpp"
#include "log/log.hpp"
#include "os/pool_task.hpp"

namespace pulse2::imaging {

namespace asio = boost::asio;
using base::ErrorKind;
using base::Expected;
using bootmenu::Audience;
using xmlrpc::Struct;

namespace {

constexpr const char* k_notes = "pxe";
constexpr const char* k_password_note = "password";
constexpr const char* k_keymap_note = "keymap";
constexpr std::size_t k_longest_keymap = 32;

bool is_keymap(std::string_view text) {
  return !text.empty() && text.size() <= k_longest_keymap &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
         });
}

bool is_hash(std::string_view text) {
  return text.size() == 40 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

/// What the agent said; parts that are missing or make no sense stay as they are.
PxeParameters changed_by(PxeParameters parameters, const Struct& members) {
  const auto text_of = [&members](const char* name) {
    const auto* value = members.find(name);
    return value == nullptr ? std::nullopt : value->as_string();
  };
  if (const auto keymap = text_of("pxe_keymap"); keymap && is_keymap(*keymap)) {
    parameters.keymap = *keymap;
  }
  if (const auto password = text_of("pxe_password");
      password && (password->empty() || is_hash(*password))) {
    parameters.password = base::to_lower(*password);
  }
  return parameters;
}

}  // namespace

Menus::Menus(asio::any_io_executor executor, Parts parts)
    : m_executor(std::move(executor)), m_parts(std::move(parts)), m_writing(m_executor) {}

Expected<void> Menus::load() {
  const auto notes = m_parts.state.notes(k_notes);
  if (!notes) return tl::unexpected(notes.error());
  for (const auto& [name, text] : *notes) {
    if (name == k_password_note) m_parameters.password = text;
    if (name == k_keymap_note) m_parameters.keymap = text;
  }
  return {};
}

Awaitable<std::vector<std::string>> Menus::set(Struct menus) {
  std::vector<std::string> done;
  std::vector<RecentPointer> recent;
  for (const auto& [uuid, value] : menus) {
    auto set = co_await set_one(uuid, value);
    if (set) {
      done.push_back(uuid);
      recent.push_back(*std::move(set));
    } else {
      log::warning("imaging.menu.refused", "the menu of {} is refused: {}", base::printable(uuid),
                   set.error().for_operator());
    }
  }
  if (!recent.empty()) refresh_later(std::move(recent));
  co_return done;
}

Awaitable<Expected<Menus::RecentPointer>> Menus::set_one(std::string uuid, xmlrpc::Value value) {
  if (!base::is_uuid(uuid)) co_return base::fail(ErrorKind::invalid_argument, "it is no UUID");
  auto menu = bootmenu::decode_menu(value, Audience::computer);
  if (!menu) co_return tl::unexpected(std::move(menu).error());
  if (menu->target->uuid != uuid) {
    co_return base::fail(ErrorKind::invalid_argument, "its target is " + menu->target->uuid);
  }
  auto computer = co_await computer_of(*menu->target);
  if (!computer) co_return tl::unexpected(std::move(computer).error());
  auto recent = std::make_shared<Recent>(Recent{*std::move(menu), *std::move(computer)});
  const auto written = co_await write(recent);
  if (!written) co_return tl::unexpected(written.error());
  m_recent[uuid] = recent;
  log::info("imaging.menu.set", "boot menu of {} ({}) set", recent->computer.uuid,
            recent->computer.mac.text());
  co_return recent;
}

/// The cached computer, under the address that the agent says now.
Awaitable<Expected<Computer>> Menus::computer_of(const bootmenu::Target& target) {
  const Computer* cached = m_parts.cache.find(std::string_view(target.uuid));
  if (cached != nullptr && cached->mac == target.mac) co_return *cached;
  if (cached == nullptr) {
    auto name = parse_agents_name(target.name);
    if (!name) {
      co_return base::fail(ErrorKind::invalid_argument,
                           "target name '" + base::printable(target.name) + "' names no computer");
    }
    co_return co_await m_parts.registry.adopt(target.uuid, *std::move(name), target.mac);
  }
  Computer moved = *cached;
  moved.mac = target.mac;
  m_parts.cache.put(moved);
  const auto saved = co_await m_parts.cache.save();
  if (!saved) co_return tl::unexpected(saved.error());
  co_return moved;
}

Awaitable<Expected<void>> Menus::set_default(xmlrpc::Value value) {
  auto menu = bootmenu::decode_menu(value, Audience::unregistered);
  if (!menu) co_return tl::unexpected(std::move(menu).error());
  auto recent = std::make_shared<Recent>(Recent{*std::move(menu), {}});
  const auto written = co_await write(recent);
  if (!written) co_return tl::unexpected(written.error());
  m_recent[""] = recent;
  log::info("imaging.menu.default_set", "boot menu of unregistered computers set");
  refresh_later({recent});
  co_return Expected<void>{};
}

Awaitable<Expected<void>> Menus::write(RecentPointer recent) {
  const auto guard = co_await m_writing.acquire();
  recent->written_with = m_parameters;
  co_return co_await os::run_on(m_parts.pool, [this, &recent] {
    if (recent->computer.uuid.empty()) {
      return m_parts.files.write_default(recent->menu, recent->written_with);
    }
    return m_parts.files.write_for(recent->computer, recent->menu, recent->written_with);
  });
}

Awaitable<Expected<void>> Menus::set_default_item(base::Mac mac, int item) {
  const auto guard = co_await m_writing.acquire();
  co_return co_await os::run_on(
      m_parts.pool, [this, &mac, item] { return m_parts.files.set_default_item(mac, item); });
}

Awaitable<void> Menus::forget(std::string uuid) {
  m_recent.erase(uuid);
  const auto guard = co_await m_writing.acquire();
  // One that was being written meanwhile.
  m_recent.erase(uuid);
}

void Menus::refresh_later(std::vector<RecentPointer> recent) {
  asio::co_spawn(m_executor, refresh(std::move(recent)), asio::detached);
}

Awaitable<void> Menus::refresh(std::vector<RecentPointer> recent) {
  co_await fetch_parameters();
  for (const RecentPointer& each : recent) {
    const auto last = m_recent.find(each->computer.uuid);
    // A later menu of the same computer looks after itself.
    if (last == m_recent.end() || last->second != each) continue;
    m_recent.erase(last);
    if (each->written_with == m_parameters) continue;
    const auto written = co_await write(each);
    if (!written) {
      log::error("imaging.menu.not_written", "the boot menu of {} keeps its old parameters: {}",
                 each->computer.mac.text(), written.error().for_operator());
    }
  }
}

Awaitable<void> Menus::fetch_parameters() {
  const PxeParameters before = m_parameters;
  xmlrpc::Array params = {m_parts.server};
  const auto answer = co_await m_parts.agent.call("imaging.getPXEParams", std::move(params));
  const auto* value = answer ? std::get_if<xmlrpc::Value>(&*answer) : nullptr;
  const Struct* members = value == nullptr ? nullptr : value->as_struct();
  if (members == nullptr) {
    log::info("imaging.pxe.parameters_unknown", "boot menus keep the last known keymap: {}",
              answer ? describe_answer(*answer) : answer.error().for_operator());
    co_return;
  }
  m_parameters = changed_by(m_parameters, *members);
  if (m_parameters == before) co_return;
  const PxeParameters fresh = m_parameters;
  const auto kept = co_await os::run_on(m_parts.pool, [this, &fresh]() -> Expected<void> {
    PULSE2_TRY(m_parts.state.set_note(k_notes, k_password_note, fresh.password));
    return m_parts.state.set_note(k_notes, k_keymap_note, fresh.keymap);
  });
  if (!kept) log::error("imaging.pxe.not_kept", "{}", kept.error().for_operator());
}

Awaitable<bool> Menus::fetch_default() {
  xmlrpc::Array params = {m_parts.server};
  const auto answer =
      co_await m_parts.agent.call("imaging.getDefaultMenuForRegistering", std::move(params));
  if (!answer) {
    log::warning("imaging.menu.default_unknown", "the default boot menu can't be asked for: {}",
                 answer.error().for_operator());
    co_return false;
  }
  const auto* value = std::get_if<xmlrpc::Value>(&*answer);
  if (value == nullptr || !value->truthy()) {
    log::info("imaging.server.not_registered",
              "this imaging server is not registered at the MMC agent: {}",
              describe_answer(*answer));
    co_return true;
  }
  const auto set = co_await set_default(*value);
  if (!set) {
    log::warning("imaging.menu.refused", "the default menu is refused: {}",
                 set.error().for_operator());
  }
  co_return true;
}

}  // namespace pulse2::imaging
