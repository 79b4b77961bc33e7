#include <boost/json.hpp>

#include "package/conf_json.hpp"

namespace pulse2::package {
namespace {

namespace json = boost::json;

/// Adds the kept members of the object at `path`; what is there already wins.
void add_extras(json::object& object, const Package& package, std::string_view path) {
  for (const Extras::Member& member : package.extras.members) {
    if (member.parent != path || object.contains(member.name)) continue;
    boost::system::error_code error;
    json::value value = json::parse(member.json, error);
    if (!error) object.emplace(member.name, std::move(value));
  }
}

json::object commands_object(const Package& package) {
  json::object commands;
  for (const CommandField& field : k_commands) {
    const Command& command = package.*field.member;
    json::object object{{"name", command.name}, {"command", command.command}};
    add_extras(object, package, std::string("commands/") + field.name);
    commands.emplace(field.name, std::move(object));
  }
  if (package.reboot) commands.emplace("reboot", *package.reboot);
  add_extras(commands, package, "commands");
  return commands;
}

json::object inventory_object(const Package& package) {
  json::object queries;
  for (const QueryField& field : k_queries)
    queries.emplace(field.name, package.*field.member);
  add_extras(queries, package, "inventory/queries");
  json::object inventory;
  if (package.associateinventory) {
    inventory.emplace("associateinventory", *package.associateinventory);
  }
  inventory.emplace("queries", std::move(queries));
  add_extras(inventory, package, "inventory");
  return inventory;
}

json::array sub_packages_array(const Package& package) {
  json::array list;
  for (const SubPackage& entry : package.sub_packages) {
    json::object object{{"pid", entry.pid}, {"condition", entry.condition}};
    add_extras(object, package, "sub_packages/" + std::to_string(list.size()));
    list.emplace_back(std::move(object));
  }
  return list;
}

void append_pretty(std::string& out, const json::value& value, std::size_t depth);

void append_line_start(std::string& out, std::size_t depth) {
  constexpr std::size_t k_indent = 4;
  out += '\n';
  out.append(depth * k_indent, ' ');
}

void append_object(std::string& out, const json::object& object, std::size_t depth) {
  out += '{';
  bool is_first = true;
  for (const json::key_value_pair& member : object) {
    if (!is_first) out += ',';
    is_first = false;
    append_line_start(out, depth + 1);
    out += json::serialize(member.key());
    out += ": ";
    append_pretty(out, member.value(), depth + 1);
  }
  if (!is_first) append_line_start(out, depth);
  out += '}';
}

void append_array(std::string& out, const json::array& array, std::size_t depth) {
  out += '[';
  bool is_first = true;
  for (const json::value& value : array) {
    if (!is_first) out += ',';
    is_first = false;
    append_line_start(out, depth + 1);
    append_pretty(out, value, depth + 1);
  }
  if (!is_first) append_line_start(out, depth);
  out += ']';
}

void append_pretty(std::string& out, const json::value& value, std::size_t depth) {
  if (value.is_object()) {
    append_object(out, value.get_object(), depth);
  } else if (value.is_array()) {
    append_array(out, value.get_array(), depth);
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string write_conf_json(const Package& package) {
  json::object root{{"id", package.id},
                    {"name", package.label},
                    {"version", package.version},
                    {"description", package.description},
                    {"licenses", package.licenses},
                    {"commands", commands_object(package)},
                    {"inventory", inventory_object(package)}};
  if (!package.sub_packages.empty()) {
    root.emplace("sub_packages", sub_packages_array(package));
  }
  if (!package.entity_id.empty()) root.emplace("entity_id", package.entity_id);
  add_extras(root, package, "");
  std::string text;
  append_object(text, root, 0);
  text += '\n';
  return text;
}

}  // namespace pulse2::package
