#include "api/imaging_api.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/text.hpp"
#include "log/log.hpp"

namespace pulse2::api {
namespace {

namespace asio = boost::asio;
using base::ErrorKind;
using base::Expected;
using imaging::Administration;
using xmlrpc::Array;
using xmlrpc::Struct;
using xmlrpc::Value;
using AwaitedAnswer = asio::awaitable<Expected<Answer>>;

/// Runs an operation on the imaging thread while this connection's thread serves others.
template <class T>
asio::awaitable<T> there(Administration& imaging, asio::awaitable<T> operation) {
  return asio::co_spawn(imaging.executor(), std::move(operation), asio::use_awaitable);
}

/// The call was understood and is not done.
Answer refused_with(const char* method, const base::Error& error, Value answer = false) {
  log::info("imaging.call.refused", "{}: {}", method, error.for_operator());
  return answer;
}

bool is_no_answer(const base::Error& error) {
  return error.kind == ErrorKind::unavailable || error.kind == ErrorKind::timed_out ||
         error.kind == ErrorKind::permission_denied || error.kind == ErrorKind::malformed ||
         error.kind == ErrorKind::cancelled || error.kind == ErrorKind::io;
}

Expected<imaging::Address> address_at(const Arguments& arguments, std::size_t index) {
  const auto text = arguments.text(index, "mac");
  if (!text) return tl::unexpected(text.error());
  const auto mac = base::Mac::parse(*text);
  if (mac) return imaging::Address(*mac, std::string(*text));
  return base::fail(ErrorKind::invalid_argument,
                    "'" + base::printable(*text) + "' is no MAC address");
}

/// An int, or text of one: the agent turns long integers into strings.
Expected<std::int64_t> number_at(const Arguments& arguments, std::size_t index, const char* name) {
  const Value& value = arguments.at(index);
  if (const auto number = value.as_int()) return *number;
  const auto text = value.as_string();
  const auto number = text ? base::parse_integer<std::int64_t>(base::trim(*text)) : std::nullopt;
  if (number) return *number;
  return base::fail(ErrorKind::invalid_argument, std::string(name) + " must be a number");
}

Expected<int> int_at(const Arguments& arguments, std::size_t index, const char* name,
                     int least = std::numeric_limits<int>::min()) {
  const auto number = number_at(arguments, index, name);
  if (!number) return tl::unexpected(number.error());
  if (*number >= least && *number <= std::numeric_limits<int>::max()) {
    return static_cast<int>(*number);
  }
  return base::fail(ErrorKind::invalid_argument, std::string(name) + " is out of range");
}

Expected<std::string> text_at(const Arguments& arguments, std::size_t index, const char* name) {
  const auto text = arguments.text(index, name);
  if (!text) return tl::unexpected(text.error());
  return std::string(*text);
}

/// Without references into the request's body: the imaging thread may outlive it.
Struct owned(const Struct& members) {
  const Value copy = Value(members).to_owned();
  return *copy.as_struct();
}

Array to_list(const std::vector<std::string>& texts) {
  Array list;
  for (const auto& text : texts)
    list.emplace_back(text);
  return list;
}

AwaitedAnswer log_client_action(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  const auto level = int_at(arguments, 1, "level");
  auto phase = text_at(arguments, 2, "phase");
  auto message = text_at(arguments, 3, "message");
  if (!address) co_return tl::unexpected(address.error());
  if (!level) co_return tl::unexpected(level.error());
  if (!phase) co_return tl::unexpected(phase.error());
  if (!message) co_return tl::unexpected(message.error());
  const auto logged = co_await there(
      imaging,
      imaging.log_action(*std::move(address), *level, *std::move(phase), *std::move(message)));
  if (!logged) co_return tl::unexpected(logged.error());
  if (*logged == imaging::Logged::queued) co_return Value(0);
  co_return Value(*logged == imaging::Logged::taken);
}

AwaitedAnswer computer_menu_update(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  if (!address) co_return tl::unexpected(address.error());
  const auto computer = co_await there(imaging, imaging.find_computer(*std::move(address)));
  co_return Value(computer.has_value());
}

AwaitedAnswer server_status(Administration& imaging, const Arguments& /*arguments*/) {
  auto status = co_await there(imaging, imaging.status());
  co_return Value(std::move(status));
}

AwaitedAnswer register_from_agent(Administration& imaging, const Arguments& arguments) {
  auto name = text_at(arguments, 0, "name");
  auto address = text_at(arguments, 1, "mac");
  if (!name) co_return tl::unexpected(name.error());
  if (!address) co_return tl::unexpected(address.error());
  const Struct* data = arguments.at(2).as_struct();
  const bool done = co_await there(
      imaging, imaging.register_from_agent(*std::move(name), *std::move(address), owned(*data)));
  co_return Value(done);
}

AwaitedAnswer computer_register(Administration& imaging, const Arguments& arguments) {
  if (arguments.at(2).is_struct()) co_return co_await register_from_agent(imaging, arguments);
  auto name = text_at(arguments, 0, "name");
  auto address = text_at(arguments, 1, "mac");
  if (!name) co_return tl::unexpected(name.error());
  if (!address) co_return tl::unexpected(address.error());
  const auto done = co_await there(
      imaging,
      imaging.register_computer(*std::move(name), *std::move(address), arguments.at(3).truthy()));
  if (!done) co_return refused_with("computerRegister", done.error());
  co_return Value(*done);
}

AwaitedAnswer computers_register(Administration& imaging, const Arguments& arguments) {
  const auto list = arguments.array(0, "computers");
  if (!list) co_return tl::unexpected(list.error());
  Array done;
  for (const Value& each : **list) {
    const Array* parts = each.as_array();
    const Struct* data = parts != nullptr && parts->size() == 3 ? (*parts)[2].as_struct() : nullptr;
    if (data == nullptr) {
      log::info("imaging.call.refused",
                "computersRegister: [name, mac, {{uuid, menu}}] expected: {}",
                xmlrpc::describe(each));
      continue;
    }
    const bool registered = co_await there(
        imaging, imaging.register_from_agent(std::string((*parts)[0].as_string().value_or("")),
                                             std::string((*parts)[1].as_string().value_or("")),
                                             owned(*data)));
    if (registered) done.push_back(data->find("uuid")->to_owned());
  }
  co_return Value(std::move(done));
}

AwaitedAnswer computer_unregister(Administration& imaging, const Arguments& arguments) {
  auto uuid = text_at(arguments, 0, "uuid");
  const auto list = arguments.array(1, "images");
  if (!uuid) co_return tl::unexpected(uuid.error());
  if (!list) co_return tl::unexpected(list.error());
  std::vector<std::string> images;
  for (const Value& each : **list)
    images.emplace_back(each.as_string().value_or(""));
  const auto begun = co_await there(
      imaging,
      imaging.unregister_computer(*std::move(uuid), std::move(images), arguments.at(2).truthy()));
  if (!begun) co_return refused_with("computerUnregister", begun.error());
  co_return Value(true);
}

AwaitedAnswer prepare_directory(Administration& imaging, const Arguments& arguments) {
  auto uuid = text_at(arguments, 0, "uuid");
  if (!uuid) co_return tl::unexpected(uuid.error());
  const auto made = co_await there(imaging, imaging.prepare_folder(*std::move(uuid)));
  if (!made) co_return refused_with("computerPrepareImagingDirectory", made.error());
  co_return Value(true);
}

AwaitedAnswer computer_update(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  if (!address) co_return tl::unexpected(address.error());
  const bool answered = co_await there(imaging, imaging.update_computer(std::move(address->text)));
  co_return Value(answered ? 1 : 0);
}

AwaitedAnswer inject_inventory(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  const auto inventory = arguments.structure(1, "inventory");
  if (!address) co_return tl::unexpected(address.error());
  if (!inventory) co_return tl::unexpected(inventory.error());
  const auto taken =
      co_await there(imaging, imaging.inject_inventory(*std::move(address), owned(**inventory)));
  if (taken) co_return Value(*taken);
  co_return refused_with("injectInventory", taken.error(),
                         is_no_answer(taken.error()) ? Value(0) : Value(false));
}

AwaitedAnswer computer_by_mac(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  if (!address) co_return tl::unexpected(address.error());
  auto record = co_await there(imaging, imaging.computer_record(*std::move(address)));
  if (record) co_return *std::move(record);
  co_return refused_with("getComputerByMac", record.error(),
                         is_no_answer(record.error()) ? Value(0) : Value(false));
}

AwaitedAnswer computers_menu_set(Administration& imaging, const Arguments& arguments) {
  const auto menus = arguments.structure(0, "menus");
  if (!menus) co_return tl::unexpected(menus.error());
  const auto done = co_await there(imaging, imaging.set_menus(owned(**menus)));
  co_return Value(to_list(done));
}

AwaitedAnswer default_menu_set(Administration& imaging, const Arguments& arguments) {
  const auto done = co_await there(imaging, imaging.set_default_menu(arguments.at(0).to_owned()));
  if (!done) co_return refused_with("imagingServerDefaultMenuSet", done.error());
  co_return Value(true);
}

AwaitedAnswer image_logs(Administration& imaging, const Arguments& arguments) {
  auto image = text_at(arguments, 0, "image");
  if (!image) co_return tl::unexpected(image.error());
  const auto lines = co_await there(imaging, imaging.image_log(*std::move(image)));
  if (!lines) co_return refused_with("imageGetLogs", lines.error(), Array{});
  co_return Value(to_list(*lines));
}

AwaitedAnswer create_image_directory(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  if (!address) co_return tl::unexpected(address.error());
  const auto image = co_await there(imaging, imaging.create_image_folder(*std::move(address)));
  if (image) co_return Value(*image);
  if (image.error().kind != ErrorKind::not_found && !is_no_answer(image.error())) {
    co_return tl::unexpected(image.error());
  }
  co_return refused_with("computerCreateImageDirectory", image.error());
}

AwaitedAnswer change_default_item(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  const auto item = int_at(arguments, 1, "item", 0);
  if (!address) co_return tl::unexpected(address.error());
  if (!item) co_return tl::unexpected(item.error());
  const auto done =
      co_await there(imaging, imaging.change_default_menu_item(*std::move(address), *item));
  if (done) co_return Value(*done);
  if (done.error().kind != ErrorKind::not_found) co_return tl::unexpected(done.error());
  co_return refused_with("computerChangeDefaultMenuItem", done.error());
}

AwaitedAnswer default_item(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  if (!address) co_return tl::unexpected(address.error());
  const auto item = co_await there(imaging, imaging.default_menu_item(*std::move(address)));
  if (item) co_return Value(*item);
  if (item.error().kind != ErrorKind::not_found) co_return tl::unexpected(item.error());
  co_return refused_with("getDefaultMenuItem", item.error());
}

AwaitedAnswer image_done(Administration& imaging, const Arguments& arguments) {
  auto address = address_at(arguments, 0);
  auto image = text_at(arguments, 1, "image");
  if (!address) co_return refused_with("imageDone", address.error());
  if (!image) co_return tl::unexpected(image.error());
  const auto done =
      co_await there(imaging, imaging.image_done(*std::move(address), *std::move(image)));
  if (done) co_return Value(true);
  const auto kind = done.error().kind;
  if (kind == ErrorKind::no_space || kind == ErrorKind::io) co_return tl::unexpected(done.error());
  co_return refused_with("imageDone", done.error());
}

AwaitedAnswer image_delete(Administration& imaging, const Arguments& arguments) {
  auto image = text_at(arguments, 0, "image");
  if (!image) co_return tl::unexpected(image.error());
  const auto done = co_await there(imaging, imaging.delete_image(*std::move(image)));
  if (!done) co_return refused_with("imagingServerImageDelete", done.error());
  co_return Value(true);
}

AwaitedAnswer iso_create(Administration& imaging, const Arguments& arguments) {
  auto image = text_at(arguments, 0, "image");
  const auto size = number_at(arguments, 1, "size");
  auto title = text_at(arguments, 2, "title");
  if (!image) co_return tl::unexpected(image.error());
  if (!size) co_return tl::unexpected(size.error());
  if (!title) co_return tl::unexpected(title.error());
  if (*size <= 0) {
    co_return base::fail(ErrorKind::invalid_argument, "the size of a volume must be above 0");
  }
  const auto begun = co_await there(
      imaging,
      imaging.create_iso(*std::move(image), static_cast<std::uint64_t>(*size), *std::move(title)));
  if (!begun) co_return tl::unexpected(begun.error());
  co_return Value(true);
}

AwaitedAnswer configuration_set(Administration& /*imaging*/, const Arguments& /*arguments*/) {
  co_return Value(true);
}

/// The agent packs all parameters of these two methods into one list.
AwaitedAnswer create_boot_service(Administration& imaging, const Arguments& arguments) {
  const auto list = arguments.array(0, "service");
  if (!list) co_return tl::unexpected(list.error());
  const Arguments parts(**list);
  auto name = text_at(parts, 0, "script name");
  auto text = text_at(parts, 1, "script");
  if (!name) co_return tl::unexpected(name.error());
  if (!text) co_return tl::unexpected(text.error());
  const auto done =
      co_await there(imaging, imaging.write_boot_script(*std::move(name), *std::move(text)));
  if (!done) co_return refused_with("createBootServiceFromPostInstall", done.error());
  co_return Value(true);
}

AwaitedAnswer unlink_boot_service(Administration& imaging, const Arguments& arguments) {
  const auto list = arguments.array(0, "service");
  if (!list) co_return tl::unexpected(list.error());
  auto name = text_at(Arguments(**list), 0, "id");
  if (!name) co_return tl::unexpected(name.error());
  const auto done = co_await there(imaging, imaging.remove_boot_script(*name + ".sh"));
  if (!done) co_return refused_with("bsUnlinkShFile", done.error());
  co_return Value(true);
}

using ImagingHandler = AwaitedAnswer (*)(Administration&, const Arguments&);

struct ImagingEntry {
  const char* name;
  std::size_t least;
  std::size_t most;
  ImagingHandler handler;
};

constexpr ImagingEntry k_imaging_methods[] = {
    {"logClientAction", 4, 4, log_client_action},
    {"computerMenuUpdate", 1, 1, computer_menu_update},
    {"imagingServerStatus", 0, 0, server_status},
    {"computersRegister", 1, 1, computers_register},
    {"computerRegister", 2, 4, computer_register},
    {"computerUnregister", 3, 3, computer_unregister},
    {"computerPrepareImagingDirectory", 1, 2, prepare_directory},
    {"computerUpdate", 1, 1, computer_update},
    {"injectInventory", 2, 2, inject_inventory},
    {"getComputerByMac", 1, 1, computer_by_mac},
    {"computersMenuSet", 1, 1, computers_menu_set},
    {"imagingServerDefaultMenuSet", 1, 1, default_menu_set},
    {"imageGetLogs", 1, 1, image_logs},
    {"computerCreateImageDirectory", 1, 1, create_image_directory},
    {"computerChangeDefaultMenuItem", 2, 2, change_default_item},
    {"getDefaultMenuItem", 1, 1, default_item},
    {"imageDone", 2, 2, image_done},
    {"imagingServerImageDelete", 1, 1, image_delete},
    {"imagingServerISOCreate", 3, 3, iso_create},
    {"imagingServerConfigurationSet", 1, 1, configuration_set},
    {"createBootServiceFromPostInstall", 1, 1, create_boot_service},
    {"bsUnlinkShFile", 1, 1, unlink_boot_service},
};

/// Those that change nothing: everyone may call them, whatever `[http] write_from` says.
constexpr std::array<std::string_view, 4> k_reading_methods = {
    "imagingServerStatus", "getComputerByMac", "imageGetLogs", "getDefaultMenuItem"};

bool only_reads(std::string_view name) {
  return std::find(k_reading_methods.begin(), k_reading_methods.end(), name) !=
         k_reading_methods.end();
}

}  // namespace

MethodTable imaging_api_methods(const std::shared_ptr<Administration>& imaging) {
  MethodTable table;
  for (const ImagingEntry& entry : k_imaging_methods) {
    Method method;
    method.least = entry.least;
    method.most = entry.most;
    method.access = only_reads(entry.name) ? Access::everyone : Access::writers;
    method.awaited = [imaging, handler = entry.handler](const Arguments& arguments) {
      return handler(*imaging, arguments);
    };
    table.add(entry.name, std::move(method));
  }
  return table;
}

}  // namespace pulse2::api
