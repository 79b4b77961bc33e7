#include "http/field.hpp"

#include "base/text.hpp"

namespace pulse2::http {

std::optional<std::string_view> find_field(const Fields& fields, std::string_view name) noexcept {
  for (const Field& field : fields) {
    if (base::iequals(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::optional<std::string> join_fields(const Fields& fields, std::string_view name) {
  std::optional<std::string> joined;
  for (const Field& field : fields) {
    if (!base::iequals(field.name, name)) continue;
    if (joined) {
      *joined += ", " + field.value;
    } else {
      joined = field.value;
    }
  }
  return joined;
}

std::vector<std::string_view> list_elements(std::string_view value) {
  std::vector<std::string_view> elements;
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= value.size(); ++i) {
    if (i < value.size() && value[i] == '"') quoted = !quoted;
    if (i < value.size() && (quoted || value[i] != ',')) continue;
    const std::string_view element = base::trim(value.substr(begin, i - begin));
    if (!element.empty()) elements.push_back(element);
    begin = i + 1;
  }
  return elements;
}

}  // namespace pulse2::http
