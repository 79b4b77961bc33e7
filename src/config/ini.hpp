#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "config/settings.hpp"

/// The syntax of Python 2's ConfigParser (contract 02), without any knowledge of options.
namespace pulse2::config {

/// A line that could not be understood.
struct IniError {
  int line = 0;
  std::string text;     ///< the line
  std::string message;  ///< what was expected
};

/// An option written twice in one section: the later one counts.
struct IniDuplicate {
  std::string section;
  std::string option;
  int first_line = 0;
  int line = 0;
};

struct IniFile {
  std::vector<RawSection> sections;  ///< in the order of the file; equal names are merged
  RawSection defaults;               ///< [DEFAULT]
  std::vector<IniError> errors;
  std::vector<IniDuplicate> duplicates;
};

/// Splits a text into sections and options; never fails as a whole. Line ends may be LF or CRLF, a
/// byte order mark is skipped.
[[nodiscard]] IniFile parse_ini(std::string_view text);

/// The value with `%(name)s` replaced by other options of the section or of `defaults`, and `%%` by
/// `%`. A value without `%(` stays as it is (so `a%%b` does). Errors: `malformed` for an unknown
/// name, a lone `%`, or replacements nested deeper than 10.
[[nodiscard]] base::Expected<std::string> interpolate(std::string_view value,
                                                      const RawSection& section,
                                                      const RawSection& defaults);

}  // namespace pulse2::config
