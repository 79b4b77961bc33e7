#include <algorithm>

#include "package/conf_xml.hpp"

namespace pulse2::package {
namespace {

/// Every conf.xml begins with this; the slips of its content model are part of the format.
constexpr std::string_view k_prologue = R"(<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE package [
    <!ELEMENT package (name,                       version,                       description?,                       commands,                       files?,                       associateinventory,                       query?,                       licenses?)>
    <!ATTLIST package id ID #REQUIRED>

    <!ELEMENT name (#PCDATA)>
    <!ELEMENT version (numeric,label)>
    <!ELEMENT numeric (#PCDATA)>
    <!ELEMENT label (#PCDATA)>
    <!ELEMENT description (#PCDATA)>
    <!ELEMENT licenses (#PCDATA)>

    <!ELEMENT commands (preCommand?,installInit?,command,postCommandSuccess?,postCommandFailure?)>
    <!ATTLIST commands reboot (0|1) "0">
    <!ELEMENT preCommand (#PCDATA)>
    <!ATTLIST preCommand name CDATA "">
    <!ELEMENT installInit (#PCDATA)>
    <!ATTLIST installInit name CDATA "">
    <!ELEMENT command (#PCDATA)>
    <!ATTLIST command name CDATA "">
    <!ELEMENT postCommandSuccess (#PCDATA)>
    <!ATTLIST postCommandSuccess name CDATA "">
    <!ELEMENT postCommandFailure (#PCDATA)>
    <!ATTLIST postCommandFailure name CDATA "">

    <!ELEMENT files (file*)>
    <!ELEMENT file (#PCDATA)>
    <!ATTLIST file fid ID #IMPLIED>
    <!ATTLIST file md5sum CDATA "">
    <!ATTLIST file size CDATA "">
    <!ELEMENT associateinventory (#PCDATA)>
    <!ELEMENT query (Qvendor, Qsoftware, Qversion, boolnd)>
    <!ELEMENT Qvendor (#PCDATA)>
    <!ELEMENT Qsoftware (#PCDATA)>
    <!ELEMENT Qversion (#PCDATA)>
    <!ELEMENT boolcnd (#PCDATA)>
]>
)";

enum class Place { text, attribute };

/// Characters that would end a text or an attribute, or that reading would change.
std::string escape_xml(std::string_view text, Place place) {
  std::string escaped;
  escaped.reserve(text.size());
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else if (c == '\r' || (place == Place::attribute && (c == '\n' || c == '\t'))) {
      escaped += "&#" + std::to_string(static_cast<int>(c)) + ";";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string attribute_text(std::string_view name, std::string_view value) {
  return " " + std::string(name) + "=\"" + escape_xml(value, Place::attribute) + "\"";
}

/// Writes one package; paths are those of Extras.
class ConfXmlWriter {
 public:
  explicit ConfXmlWriter(const Package& package) : m_package(package) {}

  std::string write() {
    m_out = k_prologue;
    open("package", attribute_text("id", m_package.id));
    leaf("name", m_package.label);
    open("version");
    leaf("numeric", m_package.version);
    leaf("label", m_package.version);
    close();
    leaf("description", m_package.description);
    leaf("licenses", m_package.licenses);
    write_commands();
    leaf("associateinventory", m_package.associateinventory.value_or("0"));
    open("query");
    for (const QueryField& field : k_queries)
      leaf(field.name, m_package.*field.member);
    close();
    write_sub_packages();
    if (!m_package.entity_id.empty()) leaf("entity_id", m_package.entity_id);
    close();
    return std::move(m_out);
  }

 private:
  struct OpenElement {
    std::string name;
    std::string path;
  };

  void write_commands() {
    open("commands", attribute_text("reboot", m_package.reboot.value_or("0")));
    for (const CommandField& field : k_commands) {
      const Command& command = m_package.*field.member;
      leaf(field.name, command.command, attribute_text("name", command.name));
    }
    close();
  }

  void write_sub_packages() {
    const bool has_extras = std::any_of(
        m_package.extras.elements.begin(), m_package.extras.elements.end(),
        [](const Extras::Element& element) { return element.parent == "sub_packages"; });
    if (m_package.sub_packages.empty() && !has_extras) return;
    open("sub_packages");
    std::size_t index = 0;
    for (const SubPackage& entry : m_package.sub_packages) {
      const std::string path = "sub_packages/" + std::to_string(index++);
      const std::string elements = extra_elements(path, "", "");
      m_out += tabs() + "<package" + attribute_text("pid", entry.pid) +
               attribute_text("condition", entry.condition) + extra_attributes(path);
      m_out += elements.empty() ? "/>\n" : ">" + elements + "</package>\n";
    }
    close();
  }

  /// Begins an element that holds elements.
  void open(const char* name, const std::string& attributes = {}) {
    const std::string path = m_open.empty() ? std::string() : path_of(name);
    m_out += tabs() + "<" + name + attributes + extra_attributes(path) + ">\n";
    m_open.push_back({name, path});
  }

  void close() {
    m_out += extra_elements(m_open.back().path, tabs(), "\n");
    const std::string name = m_open.back().name;
    m_open.pop_back();
    m_out += tabs() + "</" + name + ">\n";
  }

  /// An element that holds a text.
  void leaf(const char* name, std::string_view text, const std::string& attributes = {}) {
    const std::string path = path_of(name);
    m_out += tabs() + "<" + name + attributes + extra_attributes(path) + ">" +
             escape_xml(text, Place::text) + extra_elements(path, "", "") + "</" + name + ">\n";
  }

  [[nodiscard]] std::string tabs() const { return std::string(m_open.size(), '\t'); }

  [[nodiscard]] std::string path_of(const char* name) const {
    const std::string& parent = m_open.back().path;
    return parent.empty() ? name : parent + "/" + name;
  }

  [[nodiscard]] std::string extra_attributes(std::string_view path) const {
    std::string text;
    for (const Extras::Attribute& attribute : m_package.extras.attributes) {
      if (attribute.parent == path) text += attribute_text(attribute.name, attribute.value);
    }
    return text;
  }

  [[nodiscard]] std::string extra_elements(std::string_view path, const std::string& before,
                                           const char* after) const {
    std::string text;
    for (const Extras::Element& element : m_package.extras.elements) {
      if (element.parent == path) text += before + element.xml + after;
    }
    return text;
  }

  const Package& m_package;
  std::string m_out;
  std::vector<OpenElement> m_open;
};

}  // namespace

std::string write_conf_xml(const Package& package) {
  return ConfXmlWriter(package).write();
}

}  // namespace pulse2::package
