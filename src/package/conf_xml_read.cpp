#include <algorithm>
#include <initializer_list>
#include <pugixml.hpp>

#include "base/text.hpp"
#include "package/conf_xml.hpp"
#include "package/xml_text.hpp"

namespace pulse2::package {
namespace {

using base::Expected;

/// parse_fragment and parse_ws_pcdata show what stands outside the root, and keep unknown elements
/// as they were written.
constexpr unsigned k_parse_flags = pugi::parse_cdata | pugi::parse_escapes | pugi::parse_eol |
                                   pugi::parse_wconv_attribute | pugi::parse_doctype |
                                   pugi::parse_ws_pcdata | pugi::parse_fragment;

bool is_text(const pugi::xml_node& node) {
  return node.type() == pugi::node_pcdata || node.type() == pugi::node_cdata;
}

/// The element's text: all its text and CDATA children joined, stripped outside.
std::string text_of(const pugi::xml_node& element) {
  std::string joined;
  for (const pugi::xml_node child : element.children()) {
    if (is_text(child)) joined += child.value();
  }
  return std::string(base::trim(joined));
}

/// The element with its content as XML on its own.
std::string raw_xml(const pugi::xml_node& element) {
  struct Writer : pugi::xml_writer {
    std::string xml;
    void write(const void* data, std::size_t size) override {
      xml.append(static_cast<const char*>(data), size);
    }
  };
  Writer writer;
  element.print(writer, "", pugi::format_raw, pugi::encoding_utf8);
  return std::move(writer.xml);
}

/// Finds an element with two attributes of one name.
class DuplicateAttributeFinder : public pugi::xml_tree_walker {
 public:
  bool for_each(pugi::xml_node& node) override {
    if (node.first_attribute() == node.last_attribute()) return true;
    m_names.clear();
    for (const pugi::xml_attribute attribute : node.attributes()) {
      m_names.emplace_back(attribute.name());
    }
    std::sort(m_names.begin(), m_names.end());
    if (std::adjacent_find(m_names.begin(), m_names.end()) == m_names.end()) return true;
    m_found = node;
    return false;
  }

  [[nodiscard]] pugi::xml_node found() const { return m_found; }

 private:
  std::vector<std::string_view> m_names;
  pugi::xml_node m_found;
};

/// Reads one document; the text must outlive it.
class ConfXmlReader {
 public:
  explicit ConfXmlReader(std::string_view text) : m_text(text) {}

  Expected<Package> read() {
    const pugi::xml_parse_result result =
        m_document.load_buffer(m_text.data(), m_text.size(), k_parse_flags, pugi::encoding_utf8);
    if (!result) return fail_at_line(line_of(m_text, offset_of(result)), result.description());
    auto root = find_root();
    if (!root) return tl::unexpected(std::move(root).error());
    PULSE2_TRY(check_attributes());
    PULSE2_TRY(read_root(*root));
    return std::move(m_package);
  }

 private:
  using Names = std::initializer_list<std::string_view>;
  enum class Repeated { unknown, known };

  static std::size_t offset_of(const pugi::xml_parse_result& result) {
    return result.offset < 0 ? 0 : static_cast<std::size_t>(result.offset);
  }

  [[nodiscard]] tl::unexpected<base::Error> error(const pugi::xml_node& node,
                                                  std::string_view reason) const {
    const std::ptrdiff_t offset = node.offset_debug();
    return fail_at_line(line_of(m_text, offset < 0 ? 0 : static_cast<std::size_t>(offset)), reason);
  }

  /// The one `package` element, with nothing but comments and the like around it.
  Expected<pugi::xml_node> find_root() const {
    pugi::xml_node root;
    for (const pugi::xml_node node : m_document.children()) {
      if (is_text(node)) {
        const bool is_blank = node.type() == pugi::node_pcdata && base::trim(node.value()).empty();
        if (!is_blank) return error(node, "text outside of the root element");
      } else if (node.type() == pugi::node_element) {
        if (root) return error(node, "a second root element");
        root = node;
      } else if (node.type() == pugi::node_doctype && root) {
        return error(node, "a DOCTYPE after the root element");
      }
    }
    if (!root) return fail_at_line(1, "no root element");
    if (std::string_view(root.name()) != "package") {
      return error(root, "the root element is not \"package\"");
    }
    return root;
  }

  Expected<void> check_attributes() {
    DuplicateAttributeFinder finder;
    m_document.traverse(finder);
    if (finder.found()) return error(finder.found(), "two attributes of the same name");
    return {};
  }

  /// Keeps the attributes and elements that have none of these names. Of several elements with one
  /// of them only the first counts, unless they are `known` to be a list.
  void keep_unknown(const pugi::xml_node& element, const std::string& path, Names attributes,
                    Names elements, Repeated repeated = Repeated::unknown) {
    for (const pugi::xml_attribute attribute : element.attributes()) {
      if (std::find(attributes.begin(), attributes.end(), attribute.name()) == attributes.end()) {
        m_package.extras.attributes.push_back({path, attribute.name(), attribute.value()});
      }
    }
    for (const pugi::xml_node child : element.children()) {
      if (child.type() != pugi::node_element) continue;
      const bool is_known =
          std::find(elements.begin(), elements.end(), child.name()) != elements.end() &&
          (repeated == Repeated::known || element.child(child.name()) == child);
      if (!is_known) m_package.extras.elements.push_back({path, raw_xml(child)});
    }
  }

  /// The text of an element that has only text; "" without one.
  std::string read_leaf(const pugi::xml_node& parent, const std::string& path, const char* name,
                        Names attributes = {}) {
    const pugi::xml_node element = parent.child(name);
    keep_unknown(element, path.empty() ? name : path + "/" + name, attributes, {});
    return text_of(element);
  }

  Expected<void> read_root(const pugi::xml_node& root) {
    keep_unknown(root, "", {"id"},
                 {"name", "version", "description", "licenses", "commands", "files",
                  "associateinventory", "query", "sub_packages", "entity_id"});
    m_package.id = base::trim(root.attribute("id").value());
    if (m_package.id.empty()) return error(root, "no id in \"package\"");
    if (!root.child("name")) return error(root, "no element \"name\" in \"package\"");
    m_package.label = read_leaf(root, "", "name");
    PULSE2_TRY(read_version(root));
    m_package.description = read_leaf(root, "", "description");
    m_package.licenses = read_leaf(root, "", "licenses");
    PULSE2_TRY(read_commands(root));
    if (root.child("associateinventory")) {
      m_package.associateinventory = read_leaf(root, "", "associateinventory");
    }
    read_query(root.child("query"));
    read_sub_packages(root.child("sub_packages"));
    m_package.entity_id = read_leaf(root, "", "entity_id");
    return {};
  }

  Expected<void> read_version(const pugi::xml_node& root) {
    const pugi::xml_node version = root.child("version");
    if (!version) return error(root, "no element \"version\" in \"package\"");
    if (!version.child("label")) return error(version, "no element \"label\" in \"version\"");
    keep_unknown(version, "version", {}, {"numeric", "label"});
    read_leaf(version, "version", "numeric");
    m_package.version = read_leaf(version, "version", "label");
    if (m_package.version.empty()) m_package.version = "0";
    return {};
  }

  Expected<void> read_commands(const pugi::xml_node& root) {
    const pugi::xml_node commands = root.child("commands");
    if (!commands) return error(root, "no element \"commands\" in \"package\"");
    keep_unknown(
        commands, "commands", {"reboot"},
        {"preCommand", "installInit", "command", "postCommandSuccess", "postCommandFailure"});
    if (const pugi::xml_attribute reboot = commands.attribute("reboot")) {
      m_package.reboot = reboot.value();
    }
    for (const CommandField& field : k_commands) {
      Command& command = m_package.*field.member;
      command.name = commands.child(field.name).attribute("name").value();
      command.command = read_leaf(commands, "commands", field.name, {"name"});
    }
    return {};
  }

  void read_query(const pugi::xml_node& query) {
    keep_unknown(query, "query", {}, {"Qvendor", "Qsoftware", "Qversion", "boolcnd"});
    for (const QueryField& field : k_queries) {
      m_package.*field.member = read_leaf(query, "query", field.name);
    }
  }

  void read_sub_packages(const pugi::xml_node& list) {
    keep_unknown(list, "sub_packages", {}, {"package"}, Repeated::known);
    for (const pugi::xml_node entry : list.children("package")) {
      const std::string path = "sub_packages/" + std::to_string(m_package.sub_packages.size());
      keep_unknown(entry, path, {"pid", "condition"}, {});
      m_package.sub_packages.push_back(
          {entry.attribute("pid").value(), entry.attribute("condition").value()});
    }
  }

  std::string_view m_text;
  pugi::xml_document m_document;
  Package m_package;
};

}  // namespace

Expected<Package> parse_conf_xml(std::string_view bytes) {
  auto document = xml_to_utf8(bytes);
  if (!document) return tl::unexpected(std::move(document).error());
  auto resolved = resolve_entities(*document);
  if (!resolved) return tl::unexpected(std::move(resolved).error());
  return ConfXmlReader(*resolved).read();
}

}  // namespace pulse2::package
