#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>

#include "base/text.hpp"
#include "package/conf_json.hpp"
#include "package/xml_text.hpp"

namespace pulse2::package {
namespace {

namespace json = boost::json;
using base::Expected;

tl::unexpected<base::Error> wrong(std::string_view member, std::string_view reason) {
  return base::fail(base::ErrorKind::malformed,
                    "member \"" + std::string(member) + "\" " + std::string(reason));
}

/// The document's value; an error names its line. Of members with one name the last counts.
Expected<json::value> parse_document(std::string_view text) {
  // As deep as Boost.JSON's own limit: it recurses when it destroys values.
  constexpr std::size_t k_max_depth = 32;
  json::parse_options options;
  options.max_depth = k_max_depth;
  json::parser parser({}, options);
  boost::system::error_code error;
  const std::size_t read = parser.write_some(text.data(), text.size(), error);
  if (error) return fail_at_line(line_of(text, read), error.message());
  if (!base::trim(text.substr(read)).empty()) {
    return fail_at_line(line_of(text, read), "text behind the end of the document");
  }
  return parser.release();
}

/// Reads one document.
class ConfJsonReader {
 public:
  Expected<Package> read(const json::object& root) {
    keep_unknown(root, "",
                 {"id", "name", "version", "description", "licenses", "commands", "inventory",
                  "sub_packages", "entity_id"});
    PULSE2_TRY(read_mandatory(root, "id", m_package.id));
    if (m_package.id.empty()) return wrong("id", "is empty");
    PULSE2_TRY(read_mandatory(root, "name", m_package.label));
    PULSE2_TRY(read_mandatory(root, "version", m_package.version));
    if (m_package.version.empty()) m_package.version = "0";
    PULSE2_TRY(read_text(root, "description", m_package.description));
    PULSE2_TRY(read_text(root, "licenses", m_package.licenses));
    PULSE2_TRY(read_commands(root));
    PULSE2_TRY(read_inventory(root));
    PULSE2_TRY(read_sub_packages(root));
    PULSE2_TRY(read_text(root, "entity_id", m_package.entity_id));
    PULSE2_TRY(check_texts(m_package).map_error([](base::Error error) {
      error.kind = base::ErrorKind::malformed;
      return error;
    }));
    return std::move(m_package);
  }

 private:
  using Names = std::initializer_list<std::string_view>;

  void keep_unknown(const json::object& object, const std::string& path, Names known) {
    for (const json::key_value_pair& member : object) {
      const std::string_view name(member.key().data(), member.key().size());
      if (std::find(known.begin(), known.end(), name) != known.end()) continue;
      m_package.extras.members.push_back(
          {path, std::string(name), json::serialize(member.value())});
    }
  }

  /// The member, null when it is absent or null.
  static const json::value* find(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains(name);
    return value == nullptr || value->is_null() ? nullptr : value;
  }

  /// A text, a number or a boolean as text; anything else is nothing.
  static std::optional<std::string> text_of(const json::value& value) {
    if (const json::string* text = value.if_string()) {
      return std::string(base::trim(std::string_view(text->data(), text->size())));
    }
    if (value.is_bool()) return value.get_bool() ? "1" : "0";
    if (value.is_number()) return json::serialize(value);
    return std::nullopt;
  }

  static Expected<void> read_text(const json::object& object, std::string_view name,
                                  std::optional<std::string>& text) {
    const json::value* value = find(object, name);
    if (value == nullptr) return {};
    text = text_of(*value);
    if (!text) return wrong(name, "is no text");
    return {};
  }

  static Expected<void> read_text(const json::object& object, std::string_view name,
                                  std::string& text) {
    std::optional<std::string> read;
    PULSE2_TRY(read_text(object, name, read));
    if (read) text = *std::move(read);
    return {};
  }

  static Expected<void> read_mandatory(const json::object& object, std::string_view name,
                                       std::string& text) {
    if (find(object, name) == nullptr) return wrong(name, "is missing");
    return read_text(object, name, text);
  }

  /// The member as an object; null when it is absent.
  static Expected<const json::object*> find_object(const json::object& parent,
                                                   std::string_view name) {
    const json::value* value = find(parent, name);
    if (value == nullptr) return nullptr;
    if (!value->is_object()) return wrong(name, "is no object");
    return &value->get_object();
  }

  Expected<void> read_commands(const json::object& root) {
    const auto commands = find_object(root, "commands");
    if (!commands) return tl::unexpected(commands.error());
    if (*commands == nullptr) return wrong("commands", "is missing");
    keep_unknown(**commands, "commands",
                 {"preCommand", "installInit", "command", "postCommandSuccess",
                  "postCommandFailure", "reboot"});
    PULSE2_TRY(read_text(**commands, "reboot", m_package.reboot));
    for (const CommandField& field : k_commands) {
      PULSE2_TRY(read_command(**commands, field));
    }
    return {};
  }

  Expected<void> read_command(const json::object& commands, const CommandField& field) {
    const auto object = find_object(commands, field.name);
    if (!object) return tl::unexpected(object.error());
    if (*object == nullptr) return {};
    keep_unknown(**object, std::string("commands/") + field.name, {"name", "command"});
    Command& command = m_package.*field.member;
    PULSE2_TRY(read_text(**object, "name", command.name));
    return read_text(**object, "command", command.command);
  }

  Expected<void> read_inventory(const json::object& root) {
    const auto inventory = find_object(root, "inventory");
    if (!inventory) return tl::unexpected(inventory.error());
    if (*inventory == nullptr) return {};
    keep_unknown(**inventory, "inventory", {"associateinventory", "queries"});
    PULSE2_TRY(read_text(**inventory, "associateinventory", m_package.associateinventory));
    const auto queries = find_object(**inventory, "queries");
    if (!queries) return tl::unexpected(queries.error());
    if (*queries == nullptr) return {};
    keep_unknown(**queries, "inventory/queries", {"Qvendor", "Qsoftware", "Qversion", "boolcnd"});
    for (const QueryField& field : k_queries) {
      PULSE2_TRY(read_text(**queries, field.name, m_package.*field.member));
    }
    return {};
  }

  Expected<void> read_sub_packages(const json::object& root) {
    const json::value* list = find(root, "sub_packages");
    if (list == nullptr) return {};
    if (!list->is_array()) return wrong("sub_packages", "is no list");
    for (const json::value& value : list->get_array()) {
      if (!value.is_object()) return wrong("sub_packages", "holds something that is no object");
      const std::string path = "sub_packages/" + std::to_string(m_package.sub_packages.size());
      keep_unknown(value.get_object(), path, {"pid", "condition"});
      SubPackage entry;
      PULSE2_TRY(read_text(value.get_object(), "pid", entry.pid));
      PULSE2_TRY(read_text(value.get_object(), "condition", entry.condition));
      m_package.sub_packages.push_back(std::move(entry));
    }
    return {};
  }

  Package m_package;
};

}  // namespace

Expected<Package> parse_conf_json(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  const auto document = parse_document(bytes);
  if (!document) return tl::unexpected(document.error());
  if (!document->is_object()) {
    return base::fail(base::ErrorKind::malformed, "the document is no object");
  }
  return ConfJsonReader().read(document->get_object());
}

}  // namespace pulse2::package
