#include "imaging/registry.hpp"

#include <utility>

#include "base/text.hpp"
#include "base/uuid.hpp"
#include "log/log.hpp"

namespace pulse2::imaging {

using base::ErrorKind;
using base::Expected;
using xmlrpc::Array;
using xmlrpc::Struct;

namespace {

tl::unexpected<base::Error> unknown(const base::Mac& mac) {
  return base::fail(ErrorKind::not_found, "no computer with the address " + mac.text());
}

std::string text_in(const Struct& members, const char* name) {
  const auto* value = members.find(name);
  return std::string(value == nullptr ? "" : value->as_string().value_or(""));
}

Computer named(std::string uuid, const base::Mac& mac, const ComputerName& name) {
  Computer computer;
  computer.uuid = std::move(uuid);
  computer.mac = mac;
  computer.shortname = name.host;
  // The dot stands also before an empty domain: so it is in deployed files.
  computer.fqdn = name.host + "." + name.domain;
  computer.entity = name.entity;
  return computer;
}

Struct record_of(const Computer& computer) {
  return {{"uuid", computer.uuid}, {"mac", computer.mac.text()}, {"shortname", computer.shortname},
          {"fqdn", computer.fqdn}, {"entity", computer.entity},  {"updated", computer.updated}};
}

}  // namespace

Expected<Computer> Registry::find_cached(const base::Mac& mac) {
  const Computer* computer = m_cache.find(mac);
  if (computer == nullptr) return unknown(mac);
  return *computer;
}

Awaitable<Expected<Computer>> Registry::find(Address address) {
  if (auto cached = find_cached(address.mac)) co_return cached;
  auto told = co_await ask_agent(address);
  if (!told) co_return tl::unexpected(std::move(told).error());
  co_return std::move(told->computer);
}

Awaitable<Expected<Computer>> Registry::find_sender(Address address) {
  auto computer = co_await find(address);
  if (computer || computer.error().kind == ErrorKind::not_found) co_return computer;
  const Computer* former = m_cache.find_former(address.mac);
  if (former == nullptr) co_return computer;
  co_return *former;
}

Awaitable<Expected<xmlrpc::Value>> Registry::record(Address address) {
  if (const auto cached = find_cached(address.mac)) co_return record_of(*cached);
  auto told = co_await ask_agent(address);
  if (!told) co_return tl::unexpected(std::move(told).error());
  co_return std::move(told->record);
}

Awaitable<void> Registry::save_cache() {
  const auto saved = co_await m_cache.save();
  if (!saved) log::warning("imaging.cache.not_saved", "{}", saved.error().for_operator());
}

Awaitable<Expected<Registry::Told>> Registry::ask_agent(Address address) {
  Array params = {address.text};
  const auto answer = co_await m_agent.call("imaging.getComputerByMac", std::move(params));
  if (!answer) co_return tl::unexpected(answer.error());
  auto value = accepted(*answer);
  const Struct* members = value ? value->as_struct() : nullptr;
  Computer computer;
  if (members != nullptr) computer.uuid = text_in(*members, "uuid");
  if (!base::is_uuid(computer.uuid)) {
    log::debug("imaging.computer.unknown", "{}: the MMC agent answered {}", address.mac.text(),
               describe_answer(*answer));
    m_cache.erase_former(address.mac);
    co_await save_cache();
    co_return unknown(address.mac);
  }
  // What was registered while the agent was asked is newer than its answer.
  if (const Computer* registered = m_cache.find(address.mac)) co_return Told{*registered, *members};
  computer.mac = address.mac;
  computer.shortname = text_in(*members, "shortname");
  computer.fqdn = text_in(*members, "fqdn");
  computer.entity = text_in(*members, "entity");
  m_cache.put(computer);
  co_await save_cache();
  co_return Told{std::move(computer), *members};
}

Awaitable<Expected<Computer>> Registry::register_at_agent(std::string name, std::string address,
                                                          bool wait) {
  const auto parts = parse_computer_name(name);
  if (!parts) {
    co_return base::fail(ErrorKind::invalid_argument,
                         "'" + base::printable(name) + "' is no computer's name");
  }
  const auto mac = base::Mac::parse(address);
  if (!mac) {
    co_return base::fail(ErrorKind::invalid_argument,
                         "'" + base::printable(address) + "' is no MAC address");
  }
  // The agent calls us back before it answers: nothing is held meanwhile.
  Array params = {m_server,       parts->host,   parts->domain, std::move(address),
                  parts->profile, parts->entity, wait};
  const auto answer = co_await m_agent.call("imaging.computerRegister", std::move(params));
  if (!answer) co_return tl::unexpected(answer.error());
  const auto value = accepted(*answer);
  const std::string uuid(value ? value->as_string().value_or("") : "");
  if (!base::is_uuid(uuid)) {
    co_return base::fail(ErrorKind::conflict,
                         "the MMC agent refuses the registration: " + describe_answer(*answer));
  }
  co_return co_await keep(named(uuid, *mac, *parts));
}

Awaitable<Expected<Computer>> Registry::adopt(std::string uuid, ComputerName name, base::Mac mac) {
  co_return co_await keep(named(std::move(uuid), mac, name));
}

Awaitable<Expected<Computer>> Registry::keep(Computer computer) {
  const std::string uuid = computer.uuid;
  m_cache.put(std::move(computer));
  const auto saved = co_await m_cache.save();
  if (!saved) co_return tl::unexpected(saved.error());
  const Computer* kept = m_cache.find(std::string_view(uuid));
  if (kept == nullptr) co_return base::fail(ErrorKind::conflict, uuid + " was unregistered again");
  co_return *kept;
}

}  // namespace pulse2::imaging
