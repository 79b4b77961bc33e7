#include "api/package_members.hpp"

#include <cmath>
#include <optional>

namespace pulse2::api {
namespace {

using base::ErrorKind;
using base::Expected;
using package::Package;
using xmlrpc::Value;

/// A member that is a text of the package.
struct TextField {
  const char* name;
  std::string Package::*member;
};

constexpr TextField k_texts[] = {
    {"label", &Package::label},
    {"version", &Package::version},
    {"description", &Package::description},
    {"licenses", &Package::licenses},
    {"entity_id", &Package::entity_id},
};

struct OptionalField {
  const char* name;
  std::optional<std::string> Package::*member;
};

constexpr OptionalField k_flags[] = {
    {"reboot", &Package::reboot},
    {"associateinventory", &Package::associateinventory},
};

tl::unexpected<base::Error> wrong_type(std::string_view name) {
  return base::fail(ErrorKind::invalid_argument, std::string(name) + " has a wrong type");
}

Expected<std::string> text_of(const Value& value, std::string_view name) {
  if (const auto text = value.as_string()) return std::string(*text);
  if (value.is_nil()) return std::string();
  if (value.is_bool()) return std::string(*value.as_bool() ? "1" : "0");
  if (value.is_int()) return std::to_string(*value.as_int());
  if (value.is_double()) {
    const double number = *value.as_double();
    if (std::abs(number) < 1e15 && std::trunc(number) == number) {
      return std::to_string(static_cast<std::int64_t>(number));
    }
    std::string text = std::to_string(number);
    text.erase(text.find_last_not_of('0') + 1);
    return text;
  }
  return wrong_type(name);
}

Expected<void> set_text(std::string& member, std::string_view name, const Value& value) {
  auto text = text_of(value, name);
  if (!text) return tl::unexpected(std::move(text).error());
  member = std::move(*text);
  return {};
}

Expected<void> set_command(package::Command& member, std::string_view name, const Value& value) {
  const auto* members = value.as_struct();
  if (members == nullptr) {
    package::Command command;
    PULSE2_TRY(set_text(command.command, name, value));
    member = std::move(command);
    return {};
  }
  if (const Value* text = members->find("name")) PULSE2_TRY(set_text(member.name, name, *text));
  if (const Value* text = members->find("command")) {
    PULSE2_TRY(set_text(member.command, name, *text));
  }
  return {};
}

Expected<void> set_sub_packages(Package& package, const Value& value) {
  std::vector<package::SubPackage> entries;
  const auto* items = value.as_array();
  if (items == nullptr && value.truthy()) return wrong_type("sub_packages");
  for (std::size_t i = 0; items != nullptr && i < items->size(); ++i) {
    const auto* members = (*items)[i].as_struct();
    if (members == nullptr) return wrong_type("sub_packages");
    package::SubPackage entry;
    const Value* pid = members->find("pid");
    if (pid == nullptr) return wrong_type("sub_packages");
    PULSE2_TRY(set_text(entry.pid, "sub_packages", *pid));
    if (const Value* condition = members->find("condition")) {
      PULSE2_TRY(set_text(entry.condition, "sub_packages", *condition));
    }
    entries.push_back(std::move(entry));
  }
  package.sub_packages = std::move(entries);
  return {};
}

}  // namespace

Expected<void> set_member(Package& package, std::string_view name, const Value& value) {
  for (const TextField& field : k_texts) {
    if (name == field.name) return set_text(package.*field.member, name, value);
  }
  for (const package::QueryField& field : package::k_queries) {
    if (name == field.name) return set_text(package.*field.member, name, value);
  }
  for (const package::CommandField& field : package::k_commands) {
    if (name == field.name) return set_command(package.*field.member, name, value);
  }
  for (const OptionalField& field : k_flags) {
    if (name != field.name) continue;
    auto text = text_of(value, name);
    if (!text) return tl::unexpected(std::move(text).error());
    package.*field.member = text->empty() ? "0" : std::move(*text);
    return {};
  }
  if (name == "sub_packages") return set_sub_packages(package, value);
  return {};
}

Expected<void> set_members(Package& package, const xmlrpc::Struct& members) {
  for (const auto& member : members)
    PULSE2_TRY(set_member(package, member.name, member.value));
  return {};
}

}  // namespace pulse2::api
