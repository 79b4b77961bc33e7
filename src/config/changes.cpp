#include "config/changes.hpp"

#include <algorithm>

#include "config/table.hpp"

namespace pulse2::config {

namespace {

using Sections = std::vector<std::pair<std::string, const void*>>;

std::string title(const std::string& section, std::string_view option) {
  return "[" + section + "] " + std::string(option);
}

const void* find(const Sections& sections, const std::string& name) {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == sections.end() ? nullptr : found->second;
}

std::vector<std::string> names_of(const Sections& sections) {
  std::vector<std::string> names;
  for (const auto& [name, values] : sections)
    names.push_back(name);
  return names;
}

void compare(const SectionRule& rule, const Settings& current, const Settings& next,
             std::vector<std::string>& found) {
  const Sections before = rule.all(current);
  const Sections after = rule.all(next);
  for (const auto& [name, values] : before) {
    if (find(after, name) == nullptr) found.push_back(title(name, "removed"));
  }
  for (const auto& [name, values] : after) {
    const void* old_values = find(before, name);
    if (old_values == nullptr) {
      found.push_back(title(name, "added"));
      continue;
    }
    for (const OptionRule& option : rule.options) {
      if (option.show(old_values) != option.show(values)) found.push_back(title(name, option.name));
    }
  }
  auto old_order = names_of(before);
  auto new_order = names_of(after);
  if (old_order == new_order) return;
  std::sort(old_order.begin(), old_order.end());
  std::sort(new_order.begin(), new_order.end());
  if (old_order == new_order) found.push_back(title(std::string(rule.name) + "XX", "order"));
}

}  // namespace

std::vector<std::string> differences(const Settings& current, const Settings& next) {
  std::vector<std::string> found;
  for (const SectionRule& rule : section_rules()) {
    if (!rule.logging) compare(rule, current, next, found);
  }
  if (current.logging_plan != next.logging_plan) found.emplace_back("the logging sections");
  return found;
}

std::vector<std::string> hold_back_fixed_options(const Settings& current, Loaded& next) {
  std::vector<std::string> held_back;
  for (const SectionRule& rule : section_rules()) {
    if (rule.logging) continue;
    const Sections before = rule.all(current);
    for (const auto& [name, values] : rule.all(next.settings)) {
      const void* old_values = find(before, name);
      if (old_values == nullptr) continue;
      for (const OptionRule& option : rule.options) {
        if (!option.at_restart || option.show(old_values) == option.show(values)) continue;
        held_back.push_back(title(name, option.name));
        static_cast<void>(option.read(rule.open(next.settings, name), option.show(old_values)));
      }
    }
  }
  if (!next.is_written("main", "public_ip")) {
    next.settings.main.public_ip = default_public_ip(next.settings.main.host);
  }
  return held_back;
}

}  // namespace pulse2::config
