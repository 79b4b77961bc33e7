#include <algorithm>

#include "base/text.hpp"
#include "config/load.hpp"
#include "config/table.hpp"

namespace pulse2::config {

namespace {

constexpr std::size_t k_source_column = 48;

std::string source_of(const Loaded& loaded, const std::string& section, std::string_view option) {
  const auto line = loaded.lines.find({section, std::string(option)});
  if (line == loaded.lines.end()) return "default";
  return loaded.file + ":" + std::to_string(line->second);
}

/// `name = value`, then the source in its column.
std::string value_line(std::string_view name, const std::string& value, const std::string& source) {
  std::string line = std::string(name) + " = " + value;
  line.resize(std::max(line.size() + 1, k_source_column), ' ');
  return line + "; " + source + "\n";
}

std::string shown_value(const OptionRule& option, const void* values) {
  const std::string value = hide_credentials(option.show(values));
  if (option.secret) return value.empty() ? "" : "(hidden)";
  return base::printable(value, value.size() * 4 + 1);
}

void show_section(std::string& text, const Loaded& loaded, const SectionRule& rule,
                  const std::string& name, const void* values) {
  text += "[" + name + "]\n";
  for (const OptionRule& option : rule.options) {
    text +=
        value_line(option.name, shown_value(option, values), source_of(loaded, name, option.name));
  }
  text += "\n";
}

void show_logging(std::string& text, const Loaded& loaded) {
  for (const RawSection& section : loaded.settings.logging) {
    text += "[" + section.name + "]\n";
    for (const RawOption& option : section.options) {
      text += value_line(option.name, base::printable(option.value),
                         loaded.file + ":" + std::to_string(option.line));
    }
    text += "\n";
  }
  if (loaded.settings.logging.empty()) {
    text += "; no logging sections: INFO to standard error, as a daemon to syslog\n";
  }
}

std::string in_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string name_cell(const OptionRule& option) {
  std::string cell = "`" + std::string(option.name) + "`";
  for (const Spelling& spelling : option.spellings) {
    cell += std::string(spelling.obsolete ? " (obsolete: `" : " (also `") +
            std::string(spelling.name) + "`)";
  }
  return cell;
}

std::string default_cell(const OptionRule& option) {
  if (option.mandatory) return "none, mandatory";
  if (option.default_text.empty()) return "empty";
  if (option.default_text.starts_with("the value")) return option.default_text;
  return "`" + option.default_text + "`";
}

std::string title_of(const SectionRule& rule) {
  std::string title = "`[" + std::string(rule.name) + (rule.numbered ? "XX" : "") + "]`";
  for (const Spelling& spelling : rule.spellings) {
    title += " (also `[" + std::string(spelling.name) + "]`)";
  }
  return title;
}

std::string option_row(const SectionRule& rule, const OptionRule& option) {
  std::string row = "| " + name_cell(option);
  if (!rule.logging) row += " | " + in_cell(default_cell(option));
  if (!rule.logging) row += " | " + in_cell(option.expected);
  row += " | " + in_cell(option.meaning);
  if (option.ours) row += " *(new)*";
  if (option.at_restart) row += " *(restart)*";
  return row + " |\n";
}

}  // namespace

std::string effective_text(const Loaded& loaded) {
  std::string text = "; Effective configuration: every value, then where it comes from.\n\n";
  for (const SectionRule& rule : section_rules()) {
    if (rule.logging) continue;
    const auto sections = rule.all(loaded.settings);
    for (const auto& [name, values] : sections)
      show_section(text, loaded, rule, name, values);
    if (sections.empty()) {
      text += "; [" + std::string(rule.name) + (rule.numbered ? "XX" : "") + "] is not active\n\n";
    }
  }
  show_logging(text, loaded);
  return text;
}

std::string documentation_tables() {
  std::string text;
  for (const SectionRule& rule : section_rules()) {
    text += "## " + title_of(rule) + "\n\n" + std::string(rule.meaning) + "\n\n";
    text += rule.logging ? "| option | meaning |\n|---|---|\n"
                         : "| option | default | expected | meaning |\n|---|---|---|---|\n";
    for (const OptionRule& option : rule.options)
      text += option_row(rule, option);
    text += "\n";
  }
  return text;
}

}  // namespace pulse2::config
