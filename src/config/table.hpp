#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.hpp"

/// The one table of sections and options: load() reads and checks by it, effective_text() shows by
/// it and documentation_tables() documents it.
namespace pulse2::config {

/// An older or other spelling of an option or section.
struct Spelling {
  std::string_view name;
  bool obsolete = false;  ///< works, with a warning
};

/// One option. `section` is the struct that the section's rule hands out.
struct OptionRule {
  std::string_view name;
  std::string_view meaning;  ///< for the documentation, Markdown
  std::string expected;      ///< "a number from 1 to 65535": ends error messages
  std::string default_text;  ///< as it would be written in the file
  std::function<bool(void* section, const std::string& value)> read;  ///< false: not as expected
  std::function<std::string(const void* section)> show;               ///< as in the file
  std::vector<Spelling> spellings = {};
  bool mandatory = false;
  bool secret = false;
  bool ours = false;  ///< not of the seed
  /// A value that is not as expected is a warning, and the default counts.
  bool forgiving = false;
  /// A running server keeps the value it began with. Only in sections that are not numbered.
  bool at_restart = false;
};

/// One kind of section.
struct SectionRule {
  std::string_view name;  ///< `main`, or `mirror:` for numbered ones
  std::string_view meaning;
  bool numbered = false;
  bool logging = false;  ///< kept raw; the options have no read and show
  std::vector<OptionRule> options;
  /// Makes (or finds) the struct of the section `full_name`; valid until the next call.
  std::function<void*(Settings&, const std::string& full_name)> open;
  /// Full names and structs of the sections that the settings hold.
  std::function<std::vector<std::pair<std::string, const void*>>(const Settings&)> all;
  std::vector<Spelling> spellings = {};
  bool mandatory = false;

  [[nodiscard]] bool matches(std::string_view full_name) const;
  /// The rule and the spelling used for an option name, nothing when it is unknown.
  [[nodiscard]] const OptionRule* find(std::string_view option, bool* obsolete = nullptr) const;
};

/// All sections in the order of the documentation.
[[nodiscard]] const std::vector<SectionRule>& section_rules();

/// The rule for a section's full name, nullptr when it is unknown.
[[nodiscard]] const SectionRule* find_section(std::string_view full_name);

}  // namespace pulse2::config
