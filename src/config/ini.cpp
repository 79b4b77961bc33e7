#include "config/ini.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"

namespace pulse2::config {

namespace {

constexpr std::string_view k_default_section = "DEFAULT";
constexpr int k_max_depth = 10;  // as in ConfigParser
// Values may insert each other, so a few lines could otherwise grow to gigabytes.
constexpr std::size_t k_max_expanded = 64 * k_kib;

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

/// The text before the first `;` that follows white space, trimmed. `before_is_space` says whether
/// white space stands in front of the text.
std::string_view without_comment(std::string_view text, bool before_is_space) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool after_space = i == 0 ? before_is_space : is_space(text[i - 1]);
    if (text[i] == ';' && after_space) {
      text = text.substr(0, i);
      break;
    }
  }
  return base::trim(text);
}

/// Python skips lines like `rem some words`, in any case.
bool is_rem(std::string_view line) {
  const auto words = base::split_words(line);
  return !words.empty() && (line[0] == 'r' || line[0] == 'R') && base::iequals(words[0], "rem");
}

class Parser {
 public:
  IniFile parse(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    for (const std::string_view line : base::split(text, '\n')) {
      ++m_line;
      read_line(line);
    }
    return std::move(m_file);
  }

 private:
  void read_line(std::string_view line) {
    const std::string_view content = base::trim(line);
    if (content.empty() || line[0] == '#' || line[0] == ';' || is_rem(line)) return;
    if (is_space(line[0]) && m_in_option) {
      continue_value(line);
    } else if (line[0] == '[') {
      open_section(line);
    } else {
      read_option(line);
    }
  }

  void continue_value(std::string_view line) {
    const std::string_view more = without_comment(line, true);
    if (more.empty()) return;
    std::string& value = section().options[m_option].value;
    value += '\n';
    value += more;
  }

  void open_section(std::string_view line) {
    m_in_option = false;
    const std::size_t end = line.find(']');
    if (end == std::string_view::npos || end == 1) {
      complain(line, "a section name between [ and ]");
      m_ignoring = true;
      return;
    }
    m_ignoring = false;
    const std::string_view name = line.substr(1, end - 1);
    m_in_defaults = name == k_default_section;
    m_has_section = true;
    if (m_in_defaults) {
      if (m_file.defaults.line == 0) m_file.defaults = {std::string(name), m_line, {}};
      return;
    }
    const auto known = std::find_if(m_file.sections.begin(), m_file.sections.end(),
                                    [&](const RawSection& s) { return s.name == name; });
    m_section = static_cast<std::size_t>(known - m_file.sections.begin());
    if (known == m_file.sections.end()) {
      m_file.sections.push_back({std::string(name), m_line, {}});
    }
  }

  void read_option(std::string_view line) {
    m_in_option = false;
    if (m_ignoring) return;  // the section's name was complained about already
    if (!m_has_section) return complain(line, "a [section] before the first option");
    const std::size_t separator = line.find_first_of(":=");
    if (is_space(line[0]) || separator == 0 || separator == std::string_view::npos) {
      return complain(line, "`option = value`, a [section] or a comment");
    }
    const std::string_view rest = line.substr(separator + 1);
    std::string_view value = base::trim(rest);
    value = without_comment(value, !rest.empty() && is_space(rest[0]));
    if (value == "\"\"") value = {};
    store(base::to_lower(base::trim(line.substr(0, separator))), value);
  }

  void store(std::string name, std::string_view value) {
    auto& options = section().options;
    const auto known = std::find_if(options.begin(), options.end(),
                                    [&](const RawOption& option) { return option.name == name; });
    m_option = static_cast<std::size_t>(known - options.begin());
    m_in_option = true;
    if (known == options.end()) {
      options.push_back({std::move(name), std::string(value), m_line});
      return;
    }
    m_file.duplicates.push_back({section().name, name, known->line, m_line});
    known->value = std::string(value);
    known->line = m_line;
  }

  RawSection& section() { return m_in_defaults ? m_file.defaults : m_file.sections[m_section]; }

  void complain(std::string_view line, std::string message) {
    m_file.errors.push_back({m_line, std::string(base::trim(line)), std::move(message)});
  }

  IniFile m_file;
  int m_line = 0;
  std::size_t m_section = 0;
  std::size_t m_option = 0;
  bool m_has_section = false;
  bool m_in_defaults = false;
  bool m_in_option = false;  ///< a line that starts with white space continues the option
  bool m_ignoring = false;   ///< below a section whose name could not be read
};

class Interpolator {
 public:
  Interpolator(const RawSection& section, const RawSection& defaults)
      : m_section(section), m_defaults(defaults) {}

  base::Expected<std::string> expand(std::string_view value, int depth) {
    if (value.find("%(") == std::string_view::npos) return std::string(value);
    if (depth >= k_max_depth) {
      return base::fail(base::ErrorKind::malformed, "insertions nested at most 10 deep");
    }
    std::string out;
    while (!value.empty()) {
      const std::size_t percent = value.find('%');
      out += value.substr(0, percent);
      if (percent == std::string_view::npos) break;
      value.remove_prefix(percent);
      PULSE2_TRY(expand_one(value, out, depth));
      if (out.size() > k_max_expanded) {
        return base::fail(base::ErrorKind::malformed, "at most 64 KiB after insertions");
      }
    }
    return out;
  }

 private:
  /// Takes what begins with the percent sign at the start of `value`.
  base::Expected<void> expand_one(std::string_view& value, std::string& out, int depth) {
    if (value.starts_with("%%")) {
      out += '%';
      value.remove_prefix(2);
      return {};
    }
    const std::size_t end = value.find(')');
    if (!value.starts_with("%(") || end == std::string_view::npos ||
        value.substr(end + 1, 1) != "s") {
      return base::fail(base::ErrorKind::malformed,
                        "%(name)s, or %% for a percent sign beside such an insertion");
    }
    const std::string name = base::to_lower(value.substr(2, end - 2));
    auto found = m_section.find(name);
    if (!found) found = m_defaults.find(name);
    if (!found) {
      return base::fail(base::ErrorKind::malformed,
                        "%(name)s of an option of this section or of [DEFAULT]; there is no `" +
                            base::printable(name) + "`");
    }
    auto inserted = expand(*found, depth + 1);
    if (!inserted) return tl::unexpected<base::Error>(std::move(inserted).error());
    out += *inserted;
    value.remove_prefix(end + 2);
    return {};
  }

  const RawSection& m_section;
  const RawSection& m_defaults;
};

}  // namespace

IniFile parse_ini(std::string_view text) {
  return Parser().parse(text);
}

base::Expected<std::string> interpolate(std::string_view value, const RawSection& section,
                                        const RawSection& defaults) {
  return Interpolator(section, defaults).expand(value, 0);
}

}  // namespace pulse2::config
