#include "package/xml_text.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <optional>
#include <vector>

#include "base/text.hpp"
#include "xmlrpc/xml_text.hpp"

namespace pulse2::package {
namespace {

using base::Expected;

constexpr std::string_view k_space = " \t\r\n";

/// The value of `encoding` in the XML declaration, "" without one.
std::string_view declared_encoding(std::string_view bytes) {
  if (!bytes.starts_with("<?xml")) return {};
  const std::string_view declaration = bytes.substr(0, bytes.find("?>"));
  const std::size_t word = declaration.find("encoding");
  if (word == std::string_view::npos) return {};
  const std::size_t open = declaration.find_first_of("\"'", word);
  if (open == std::string_view::npos) return {};
  const std::size_t close = declaration.find(declaration[open], open + 1);
  if (close == std::string_view::npos) return {};
  return declaration.substr(open + 1, close - open - 1);
}

/// iconv reads options behind a slash: only names as XML defines them may reach it.
bool is_encoding_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
           c == '_' || c == '-';
  });
}

/// Closes an iconv descriptor.
class Converter {
 public:
  explicit Converter(const std::string& encoding)
      : m_handle(iconv_open("UTF-8", encoding.c_str())) {}
  ~Converter() {
    if (is_open()) iconv_close(m_handle);
  }
  Converter(const Converter&) = delete;
  Converter& operator=(const Converter&) = delete;

  // The C library's mark for "no descriptor" is the address -1.
  [[nodiscard]] bool is_open() const {
    return m_handle != reinterpret_cast<iconv_t>(-1);  // NOLINT(performance-no-int-to-ptr)
  }
  [[nodiscard]] iconv_t handle() const { return m_handle; }

 private:
  iconv_t m_handle;
};

Expected<std::string> convert(std::string_view bytes, const std::string& encoding) {
  const Converter converter(encoding);
  if (!converter.is_open()) {
    return fail_at_line(1, "unknown encoding \"" + base::printable(encoding, 40) + "\"");
  }
  std::string result;
  std::array<char, 16384> buffer{};
  // iconv's interface is not const-correct; it does not write to its input.
  char* input = const_cast<char*>(bytes.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast)
  std::size_t left = bytes.size();
  while (left > 0) {
    char* output = buffer.data();
    std::size_t room = buffer.size();
    const std::size_t outcome = iconv(converter.handle(), &input, &left, &output, &room);
    const int error = errno;
    result.append(buffer.data(), buffer.size() - room);
    if (outcome == static_cast<std::size_t>(-1) && error != E2BIG) {
      return fail_at_line(line_of(result, result.size()), "bytes that are not " + encoding);
    }
  }
  return result;
}

/// Whether XML 1.0 has this code point as a character.
bool is_xml_character(unsigned long code_point) {
  return code_point == 0x9 || code_point == 0xA || code_point == 0xD ||
         (code_point >= 0x20 && code_point <= 0xD7FF) ||
         (code_point >= 0xE000 && code_point <= 0xFFFD) ||
         (code_point >= 0x10000 && code_point <= 0x10FFFF);
}

Expected<void> check_characters(std::string_view document) {
  if (is_xml_text(document)) return {};
  std::size_t line = 1;
  for (const std::string_view text : base::split(document, '\n')) {
    if (!base::is_utf8(text)) return fail_at_line(line, "bytes that are not UTF-8");
    if (!is_xml_text(text)) return fail_at_line(line, "a character that XML does not allow");
    ++line;
  }
  return {};
}

}  // namespace

std::size_t line_of(std::string_view text, std::size_t offset) noexcept {
  const std::string_view before = text.substr(0, offset);
  return 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
}

tl::unexpected<base::Error> fail_at_line(std::size_t line, std::string_view reason) {
  return base::fail(base::ErrorKind::malformed,
                    "line " + std::to_string(line) + ": " + std::string(reason));
}

bool is_xml_text(std::string_view text) noexcept {
  return xmlrpc::valid_xml_prefix(text) == text.size();
}

Expected<std::string> xml_to_utf8(std::string_view bytes) {
  using namespace std::string_view_literals;
  if (bytes.starts_with("\xEF\xBB\xBF")) return std::string(bytes.substr(3));
  if (bytes.starts_with("\xFE\xFF")) return convert(bytes.substr(2), "UTF-16BE");
  if (bytes.starts_with("\xFF\xFE")) return convert(bytes.substr(2), "UTF-16LE");
  if (bytes.starts_with("\0<"sv)) return convert(bytes, "UTF-16BE");
  if (bytes.starts_with("<\0"sv)) return convert(bytes, "UTF-16LE");
  const std::string_view name = declared_encoding(bytes);
  const std::string lower = base::to_lower(name);
  if (lower.empty() || lower == "utf-8" || lower == "utf8") return std::string(bytes);
  // Without iconv, so that the commonest of them does not depend on installed modules.
  if (lower == "iso-8859-1" || lower == "latin1" || lower == "latin-1") {
    return base::latin1_to_utf8(bytes);
  }
  if (!is_encoding_name(name)) return fail_at_line(1, "malformed encoding name");
  return convert(bytes, std::string(name));
}

namespace {

/// Copies a document and replaces the references to entities of its DOCTYPE.
class EntityResolver {
 public:
  explicit EntityResolver(std::string_view document) : m_text(document) {}

  Expected<std::string> run() {
    m_out.reserve(m_text.size());
    while (true) {
      // Not find_first_of(), which looks each character up on its own.
      const auto found = std::find_if(m_text.begin() + static_cast<std::ptrdiff_t>(m_position),
                                      m_text.end(), [](char c) { return c == '<' || c == '&'; });
      const auto next = static_cast<std::size_t>(found - m_text.begin());
      copy_until(next);
      if (next == m_text.size()) return std::move(m_out);
      PULSE2_TRY(m_text[next] == '<' ? copy_markup() : copy_reference());
    }
  }

 private:
  struct Entity {
    std::string_view name;
    std::string_view value;
  };

  static constexpr std::size_t k_max_expansion = 1024UL * 1024;
  static constexpr int k_max_depth = 16;
  /// A limit, because a search for `;` through the whole rest would be quadratic.
  static constexpr std::size_t k_max_reference = 256;

  [[nodiscard]] std::string_view rest() const { return m_text.substr(m_position); }

  [[nodiscard]] tl::unexpected<base::Error> error(std::string_view reason) const {
    return fail_at_line(line_of(m_text, m_position), reason);
  }

  void copy_until(std::size_t end) {
    m_out += m_text.substr(m_position, end - m_position);
    m_position = end;
  }

  /// Copies what begins here up to and with `end`.
  Expected<void> copy_past(std::string_view end, std::string_view what) {
    const std::size_t found = m_text.find(end, m_position);
    if (found == std::string_view::npos) return error(std::string(what) + " without an end");
    copy_until(found + end.size());
    return {};
  }

  Expected<void> copy_markup() {
    if (rest().starts_with("<!--")) return copy_past("-->", "a comment");
    if (rest().starts_with("<![CDATA[")) return copy_past("]]>", "a CDATA section");
    if (rest().starts_with("<?")) return copy_past("?>", "a processing instruction");
    if (rest().starts_with("<!DOCTYPE")) return copy_doctype();
    copy_until(m_position + 1);
    return {};
  }

  /// Copies a quoted literal and returns what stands between the quotes.
  Expected<std::string_view> copy_literal() {
    const std::size_t begin = m_position + 1;
    const std::size_t end = m_text.find(m_text[m_position], begin);
    if (end == std::string_view::npos) return error("a quoted text without an end");
    copy_until(end + 1);
    return m_text.substr(begin, end - begin);
  }

  /// From `<!DOCTYPE` to its `>`. Declarations inside are looked at one by one.
  Expected<void> copy_doctype() {
    const std::size_t start = m_position;
    copy_until(m_position + std::string_view("<!DOCTYPE").size());
    while (m_position < m_text.size()) {
      const char c = m_text[m_position];
      if (c == '>') {
        copy_until(m_position + 1);
        return {};
      }
      if (c == '"' || c == '\'') {
        m_has_external_subset = true;
        const auto literal = copy_literal();
        if (!literal) return tl::unexpected(literal.error());
      } else if (c == '[') {
        PULSE2_TRY(copy_subset());
      } else {
        copy_until(m_position + 1);
      }
    }
    m_position = start;
    return error("a DOCTYPE without an end");
  }

  Expected<void> copy_subset() {
    while (m_position < m_text.size()) {
      if (m_text[m_position] == ']') {
        copy_until(m_position + 1);
        return {};
      }
      if (rest().starts_with("<!--")) {
        PULSE2_TRY(copy_past("-->", "a comment"));
      } else if (rest().starts_with("<?")) {
        PULSE2_TRY(copy_past("?>", "a processing instruction"));
      } else if (rest().starts_with("<!")) {
        PULSE2_TRY(copy_declaration());
      } else {
        copy_until(m_position + 1);
      }
    }
    return error("an internal subset without an end");
  }

  /// One `<!…>`; an entity with a text of its own is remembered, one without as an empty text.
  Expected<void> copy_declaration() {
    const std::string_view name = entity_name(rest());
    std::optional<std::string_view> value;
    bool is_external = false;
    while (m_position < m_text.size() && m_text[m_position] != '>') {
      if (m_text[m_position] == '"' || m_text[m_position] == '\'') {
        auto literal = copy_literal();
        if (!literal) return tl::unexpected(std::move(literal).error());
        if (!value) value = *literal;
      } else {
        // Outside of quotes only SYSTEM and PUBLIC hold these letters in this place.
        is_external = is_external || rest().starts_with("SYSTEM") || rest().starts_with("PUBLIC");
        copy_until(m_position + 1);
      }
    }
    if (m_position == m_text.size()) return error("a declaration without an end");
    copy_until(m_position + 1);
    // The first declaration of a name counts, as XML has it.
    if (!name.empty() && find(name) == nullptr) {
      m_entities.push_back({name, is_external ? std::string_view() : value.value_or("")});
    }
    return {};
  }

  /// The name in `<!ENTITY name …`; "" for other declarations and for parameter entities.
  static std::string_view entity_name(std::string_view declaration) {
    constexpr std::string_view k_start = "<!ENTITY";
    if (!declaration.starts_with(k_start)) return {};
    declaration.remove_prefix(k_start.size());
    const std::size_t begin = declaration.find_first_not_of(k_space);
    if (begin == 0 || begin == std::string_view::npos || declaration[begin] == '%') return {};
    declaration.remove_prefix(begin);
    return declaration.substr(0, declaration.find_first_of(" \t\r\n\"'>"));
  }

  [[nodiscard]] const Entity* find(std::string_view name) const {
    const auto found = std::find_if(m_entities.begin(), m_entities.end(),
                                    [&](const Entity& entity) { return entity.name == name; });
    return found == m_entities.end() ? nullptr : &*found;
  }

  /// The reference at the start of `text`, `&` and `;` left out; "" when there is none.
  static std::string_view reference_at(std::string_view text) {
    const std::size_t end = text.find(';');
    if (end == std::string_view::npos) return {};
    const std::string_view name = text.substr(1, end - 1);
    return name.find_first_of(" \t\r\n<>&\"'") == std::string_view::npos ? name
                                                                         : std::string_view();
  }

  Expected<void> copy_reference() {
    const std::string_view name = reference_at(rest().substr(0, k_max_reference));
    if (name.empty()) return error("an & that begins no reference");
    PULSE2_TRY(append_reference(name, 0));
    m_position += name.size() + 2;
    return {};
  }

  static bool is_predefined(std::string_view name) {
    return name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos";
  }

  static bool is_character_reference(std::string_view name) {
    const bool is_hexadecimal = name.starts_with("#x");
    const std::string_view digits = name.substr(is_hexadecimal ? 2 : 1);
    unsigned long code_point = 0;
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(),
                                                code_point, is_hexadecimal ? 16 : 10);
    return problem == std::errc{} && end == digits.data() + digits.size() &&
           is_xml_character(code_point);
  }

  Expected<void> append_reference(std::string_view name, int depth) {
    if (name.starts_with('#')) {
      if (!is_character_reference(name)) return error("a reference to no character of XML");
    } else if (!is_predefined(name)) {
      return append_entity(name, depth);
    }
    ((m_out += '&') += name) += ';';
    return {};
  }

  Expected<void> append_entity(std::string_view name, int depth) {
    const Entity* entity = find(name);
    if (entity == nullptr) {
      // It may be declared in the external subset, which is never fetched.
      if (m_has_external_subset) return {};
      return error("undeclared entity &" + base::printable(name, 40) + ";");
    }
    m_expanded += entity->value.size();
    if (depth >= k_max_depth || m_expanded > k_max_expansion) {
      return error("entities that expand too far");
    }
    return append_value(entity->value, depth + 1);
  }

  /// An entity's text; quotes are escaped, as it may stand in an attribute.
  Expected<void> append_value(std::string_view value, int depth) {
    while (!value.empty()) {
      const char c = value.front();
      if (c == '<') return error("an entity that holds markup");
      if (c == '&') {
        const std::string_view name = reference_at(value);
        if (name.empty()) return error("an & that begins no reference");
        PULSE2_TRY(append_reference(name, depth));
        value.remove_prefix(name.size() + 2);
        continue;
      }
      if (c == '"') {
        m_out += "&quot;";
      } else if (c == '\'') {
        m_out += "&apos;";
      } else {
        m_out += c;
      }
      value.remove_prefix(1);
    }
    return {};
  }

  std::string_view m_text;
  std::size_t m_position = 0;
  std::string m_out;
  std::vector<Entity> m_entities;
  std::size_t m_expanded = 0;  ///< bytes of entities' texts taken so far, at all levels
  bool m_has_external_subset = false;
};

}  // namespace

Expected<std::string> resolve_entities(std::string_view document) {
  PULSE2_TRY(check_characters(document));
  return EntityResolver(document).run();
}

}  // namespace pulse2::package
