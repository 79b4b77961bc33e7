#include "pxe_service/responder.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <utility>
#include <variant>

#include "base/text.hpp"
#include "log/log.hpp"
#include "pxe/ocs_xml.hpp"
#include "pxe_service/spawn.hpp"

namespace pulse2::pxe_service {

namespace asio = boost::asio;
using base::ErrorKind;
using base::Expected;
using imaging::Address;
using imaging::Computer;

namespace {

constexpr const char* k_acknowledged = "ACK";
constexpr const char* k_failed = "ERROR";

/// Machines whose chosen entry, and clients whose failures are remembered.
constexpr std::size_t k_machines = 10'000;
/// Lines for the agent that wait for a look-up or the disk, some kilobytes each; more are lost.
constexpr std::size_t k_most_notes = 8192;
constexpr std::chrono::seconds k_loss_interval{60};

std::string utf8(const std::string& text) {
  return base::is_utf8(text) ? text : base::latin1_to_utf8(text);
}

std::tm local_time(std::chrono::system_clock::time_point now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm time{};
  localtime_r(&seconds, &time);
  return time;
}

}  // namespace

Responder::Responder(imaging::Operations& operations, const os::Clock& clock,
                     ResponderOptions options, Forward forward)
    : m_operations(operations),
      m_clock(clock),
      m_options(options),
      m_forward(std::move(forward)),
      m_entries(k_machines),
      m_logins(k_machines) {}

Awaitable<Answer> Responder::answer(pxe::Call call, Origin origin) {
  Request request{{call.mac, std::move(call.address)}, std::move(origin)};
  co_return co_await std::visit(
      [&](auto& body) { return handle(std::move(request), std::move(body)); }, call.body);
}

void Responder::stop() {
  m_stopped = true;
  for (auto* timer : m_pauses)
    timer->cancel();
}

Awaitable<void> Responder::pause(std::chrono::milliseconds time) {
  if (m_stopped) co_return;
  asio::steady_timer timer(m_operations.executor(), time);
  m_pauses.insert(&timer);
  co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  m_pauses.erase(&timer);
}

void Responder::note(const Address& address, int level, std::string phase, std::string message) {
  if (m_notes >= k_most_notes) return warn_of_lost_note();
  ++m_notes;
  const auto write = [](Responder& self, Address computer, int severity, std::string step,
                        std::string text) -> Awaitable<void> {
    co_await self.write_note(std::move(computer), severity, std::move(step), std::move(text));
    --self.m_notes;
  };
  spawn(m_operations.executor(),
        write(*this, address, level, std::move(phase), std::move(message)));
}

Awaitable<bool> Responder::write_note(Address address, int level, std::string phase,
                                      std::string message) {
  const auto posted = co_await m_operations.post_action(address, level, phase, message);
  if (posted) co_return true;
  log::warning("pxe.note.lost", "{}: the MMC agent will not learn of \"{}\": {}",
               address.mac.text(), message, posted.error().for_operator());
  co_return false;
}

void Responder::warn_of_lost_note() {
  const auto now = m_clock.steady();
  if (m_loss_logged && now - *m_loss_logged < k_loss_interval) return;
  m_loss_logged = now;
  log::warning("pxe.note.lost", "the MMC agent will not learn of some steps: {} wait already",
               m_notes);
}

Awaitable<std::optional<Computer>> Responder::look_up(Address address, Steps steps) {
  auto computer = co_await m_operations.find_computer(address);
  if (computer) {
    note(address, k_trace, steps.phase, steps.asked);
    co_return *std::move(computer);
  }
  if (computer.error().kind != ErrorKind::not_found) {
    note(address, k_warning, steps.phase, steps.failed);
  }
  co_return std::nullopt;
}

Awaitable<Answer> Responder::handle(Request request, pxe::RegisterComputer call) {
  note(request.address, k_trace, "menu", "menu identification");
  if (m_options.glpi_mode) {
    pxe::Inventory minimal;
    minimal.mac = request.address.text;
    minimal.ip = request.origin.address;
    forward_inventory(request.address, minimal, utf8(call.name), "root", false);
    co_await pause(m_options.registration_pause);
  }
  const auto registered =
      co_await m_operations.register_computer(std::move(call.name), request.address.text, false);
  if (registered) {
    note(request.address, k_trace, "menu", "identification success");
  } else {
    log::error("pxe.register.failed", "{}: {}", request.address.mac.text(),
               registered.error().for_operator());
    note(request.address, k_error, "menu", "identification failure");
  }
  co_return std::nullopt;
}

Awaitable<Answer> Responder::handle(Request request, pxe::Authenticate call) {
  const std::string& client = request.origin.client;
  if (!m_logins.may_try(client, m_clock.steady())) {
    log::debug("pxe.login.early", "{}: a password came too early after a wrong one", client);
    co_return std::nullopt;
  }
  note(request.address, k_notice, "identity", "menu identification request");
  if (pxe::password_matches(call.password, m_operations.pxe_parameters().password)) {
    m_logins.succeeded(client);
    co_return "ok";
  }
  log::warning("pxe.login.failed", "{} ({}): wrong password for the boot menu", client,
               request.address.mac.text());
  co_await pause(m_logins.failed(client, m_clock.steady()));
  co_return "ko";
}

Awaitable<Answer> Responder::handle(Request request, pxe::SendInventory call) {
  const Address& address = request.address;
  const auto computer = co_await m_operations.find_computer(address);
  if (!computer) {
    if (computer.error().kind != ErrorKind::not_found) {
      note(address, k_warning, "inventory", "hardware inventory not stored");
    }
    co_return std::nullopt;
  }
  note(address, k_trace, "menu", "boot menu shown");
  const auto inventory = pxe::parse_inventory(call.text, request.origin.address);
  const auto injected = co_await m_operations.inject_inventory(address, to_struct(inventory));
  if (!injected) {
    log::warning("pxe.inventory.not_injected", "the MMC agent did not take the inventory of {}: {}",
                 address.mac.text(), injected.error().for_operator());
  }
  note(address, k_trace, "inventory", "hardware inventory received");
  forward_inventory(address, inventory, computer->shortname, computer->entity, true);
  co_return std::nullopt;
}

void Responder::forward_inventory(const Address& address, const pxe::Inventory& inventory,
                                  const std::string& name, const std::string& entity,
                                  bool is_told) {
  Parcel parcel;
  parcel.mac = address.mac;
  parcel.address = address.text;
  parcel.is_told = is_told;
  parcel.document = pxe::to_ocs_xml(inventory, {name, entity}, local_time(m_clock.now()));
  m_forward(std::move(parcel));
}

Awaitable<Answer> Responder::handle(Request request, pxe::CreateImage /*call*/) {
  const Steps steps{"backup", "image UUID request", "failed to summon an image UUID"};
  const auto computer = co_await look_up(request.address, steps);
  if (!computer) co_return std::nullopt;
  const auto image = co_await m_operations.create_image_folder(request.address);
  if (!image) {
    log::error("pxe.image.failed", "{}: no folder for a new image: {}", request.address.mac.text(),
               image.error().for_operator());
    note(request.address, k_warning, "backup", "failed to summon an image UUID");
    co_return std::nullopt;
  }
  note(request.address, k_trace, "backup", "image UUID sent");
  co_return *image;
}

Awaitable<Answer> Responder::handle(Request request, pxe::ImageDone call) {
  const std::string image = base::printable(call.image);
  const std::string failed = "end-of-backup failure: " + image;
  const auto computer = co_await m_operations.find_computer(request.address);
  if (!computer && computer.error().kind == ErrorKind::not_found) co_return std::nullopt;
  note(request.address, k_trace, "backup", "end-of-backup request: " + image);
  const auto done = co_await m_operations.image_done(request.address, std::move(call.image));
  if (done) {
    note(request.address, k_trace, "backup", "end-of-backup success: " + image);
    co_return k_acknowledged;
  }
  if (done.error().kind == ErrorKind::invalid_argument) co_return std::nullopt;
  log::error("pxe.image.failed", "{}: the end of image {} is not reported: {}",
             request.address.mac.text(), image, done.error().for_operator());
  note(request.address, k_error, "backup", failed);
  co_return k_failed;
}

Awaitable<Expected<std::optional<bool>>> Responder::change_default(Address address, int item,
                                                                   std::optional<int> marked) {
  const auto current = co_await m_operations.default_menu_item(address);
  if (!current) {
    // Nothing would have been changed anyway.
    if (!marked) co_return std::nullopt;
    co_return tl::unexpected(current.error());
  }
  if (!pxe::default_changes(marked, *current)) co_return std::nullopt;
  const auto changed = co_await m_operations.change_default_menu_item(address, item);
  if (!changed) co_return tl::unexpected(changed.error());
  co_return *changed;
}

Awaitable<Answer> Responder::handle(Request request, pxe::ChangeDefaultItem call) {
  const Address& address = request.address;
  const std::string item = " : " + std::to_string(call.item);
  const auto marked = m_entries.take_marked(address.mac.text());
  // The look-up puts it into the cache, where the operations below expect it.
  const auto computer = co_await m_operations.find_computer(address);
  if (!computer && computer.error().kind == ErrorKind::not_found) co_return k_acknowledged;
  note(address, k_trace, "menu", "preselected-menu-entry-change request" + item);
  const auto changed = co_await change_default(address, call.item, marked);
  if (changed && !*changed) co_return k_acknowledged;
  if (changed && **changed) {
    note(address, k_trace, "menu", "preselected-menu-entry-change success" + item);
    co_return k_acknowledged;
  }
  log::warning("pxe.default.not_changed", "the default entry of {} stays as it is: {}",
               address.mac.text(),
               changed ? "the MMC agent refuses the change" : changed.error().for_operator());
  note(address, k_error, "menu", "preselected-menu-entry-change failed" + item);
  co_return k_failed;
}

Awaitable<Answer> Responder::handle(Request request, pxe::LogEvent call) {
  m_entries.note(request.address.mac.text(), call);
  if (call.kind == pxe::LogKind::restoration_started) m_wait.reset();
  pxe::AgentLog line = pxe::agent_log(call);
  bool is_kept = true;
  if (m_operations.is_cached(request.address.mac)) {
    is_kept = co_await write_note(request.address, line.level, std::move(line.phase),
                                  std::move(line.message));
  } else {
    // The machine goes on while the agent is asked who it is.
    note(request.address, line.level, std::move(line.phase), std::move(line.message));
  }
  if (call.kind == pxe::LogKind::boot) co_return std::nullopt;
  co_return is_kept ? k_acknowledged : k_failed;
}

Awaitable<Answer> Responder::handle(Request request, pxe::AskUuid /*call*/) {
  const Steps steps{"boot", "computer UUID request", "failed to recover a computer UUID"};
  const auto computer = co_await look_up(request.address, steps);
  if (!computer) co_return std::nullopt;
  note(request.address, k_trace, "boot", "computer uuid sent: " + computer->uuid);
  co_return computer->uuid;
}

Awaitable<Answer> Responder::handle(Request request, pxe::AskHostName /*call*/) {
  const Steps steps{"boot", "hostname request", "failed to obtain a hostname"};
  const auto computer = co_await look_up(request.address, steps);
  if (!computer) co_return std::nullopt;
  note(request.address, k_trace, "boot", "hostname sent: " + computer->shortname);
  co_return computer->shortname;
}

Awaitable<Answer> Responder::handle(Request /*request*/, pxe::WaitForOthers call) {
  co_return std::to_string(m_wait.ask(call, m_clock.steady()).count());
}

}  // namespace pulse2::pxe_service
