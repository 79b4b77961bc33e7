#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/settings.hpp"

namespace pulse2::config {

/// Something wrong, or doubtful, in a configuration file.
struct Diagnostic {
  std::string file;
  int line = 0;         ///< 0: the file as a whole
  std::string section;  ///< empty: outside of sections
  std::string option;   ///< empty: the section as a whole
  std::string value;    ///< as written; `(hidden)` for a password
  std::string message;  ///< what was expected, or what will happen

  /// `FILE:LINE: [section] option = value: message`, one line without control characters.
  [[nodiscard]] std::string to_text() const;
};

/// A configuration file, read. The settings are to be used only when there are no errors.
struct Loaded {
  std::string file;
  Settings settings;
  std::vector<Diagnostic> errors;    ///< every one of the file, by line
  std::vector<Diagnostic> warnings;  ///< unknown names, obsolete spellings… by line
  std::vector<Diagnostic> notes;     ///< for an INFO line: what is accepted without effect
  /// (section, option) -> line of the file; options that are not written are not in it. Names are
  /// those of the table, whatever spelling the file uses; the option "" is the section itself.
  std::map<std::pair<std::string, std::string>, int> lines;

  [[nodiscard]] bool ok() const { return errors.empty(); }
  /// True when the option stands in the file (or in its [DEFAULT]).
  [[nodiscard]] bool is_written(const std::string& section, const std::string& option) const;
};

/// Reads and checks the text of a configuration file; `file` is only named in diagnostics. Pure: it
/// looks at the text alone. All mistakes are listed, none ends the reading.
[[nodiscard]] Loaded load(std::string_view text, std::string file);

/// The text with the password of each `scheme://user:password@host` replaced by `(hidden)`.
[[nodiscard]] std::string hide_credentials(std::string text);

/// The effective configuration in the syntax of the file: every value, followed by a comment with
/// its source (`FILE:LINE` or `default`); passwords as `(hidden)`. Sections that are not active are
/// named in comments.
[[nodiscard]] std::string effective_text(const Loaded& loaded);

/// The option tables of docs/configuration.md, in Markdown, made from the table that load() uses.
[[nodiscard]] std::string documentation_tables();

}  // namespace pulse2::config
