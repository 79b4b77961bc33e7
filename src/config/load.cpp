#include "config/load.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "config/checks.hpp"
#include "config/ini.hpp"
#include "config/table.hpp"

namespace pulse2::config {

namespace {

constexpr std::string_view k_hidden = "(hidden)";

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string did_you_mean(std::string_view written, const std::vector<std::string_view>& known) {
  const auto name = base::nearest(written, known);
  return name ? "; did you mean `" + std::string(*name) + "`?" : std::string();
}

class Loader {
 public:
  Loader(std::string_view text, std::string file) : m_ini(parse_ini(text)) {
    m_loaded.file = std::move(file);
  }

  Loaded load() {
    report_syntax();
    for (const RawSection& section : m_ini.sections)
      read_section(section);
    require_sections();
    check_logging();
    finish_main();
    finish_packages();
    finish_imaging();
    check_relations(m_loaded, m_failed);
    for (auto* list : {&m_loaded.errors, &m_loaded.warnings, &m_loaded.notes}) {
      std::stable_sort(list->begin(), list->end(),
                       [](const auto& a, const auto& b) { return a.line < b.line; });
    }
    return std::move(m_loaded);
  }

 private:
  using List = std::vector<Diagnostic>;

  void add(List& list, int line, std::string section, std::string option, std::string value,
           std::string message) {
    list.push_back({m_loaded.file, line, std::move(section), std::move(option), std::move(value),
                    std::move(message)});
  }

  void report_syntax() {
    for (const IniError& error : m_ini.errors) {
      // Any other line may hold a part of a password.
      const std::string text = error.text.starts_with('[') ? error.text : std::string();
      add(m_loaded.errors, error.line, {}, {}, text, "expected " + error.message);
    }
    for (const IniDuplicate& twice : m_ini.duplicates) {
      add(m_loaded.warnings, twice.line, twice.section, twice.option, {},
          "is also in line " + std::to_string(twice.first_line) + "; this line counts");
    }
  }

  void read_section(const RawSection& section) {
    const SectionRule* rule = find_section(section.name);
    if (rule == nullptr) return report_unknown_section(section);
    if (rule->logging) return keep_raw(section, *rule);
    const std::string name = rule->numbered ? section.name : std::string(rule->name);
    if (rule->numbered && !is_number(section.name.substr(rule->name.size()))) {
      add(m_loaded.warnings, section.line, name, {}, {},
          "a number is usual after the colon; the section is used all the same");
    }
    m_loaded.lines.insert({{name, ""}, section.line});
    void* values = rule->open(m_loaded.settings, name);
    for (const RawOption& option : section.options) {
      read_option(section, *rule, name, option, values);
    }
    read_defaults(section, *rule, name, values);
    require_options(section, *rule, name);
  }

  void report_unknown_section(const RawSection& section) {
    std::vector<std::string_view> known;
    for (const SectionRule& rule : section_rules())
      known.push_back(rule.name);
    // `mirrors:01` is compared without its number.
    const std::string_view written = section.name;
    const std::size_t colon = written.find(':');
    const bool has_colon = colon != std::string_view::npos;
    add(m_loaded.warnings, section.line, section.name, {}, {},
        "unknown section" +
            did_you_mean(has_colon ? written.substr(0, colon + 1) : written, known));
  }

  void report_unknown_option(const SectionRule& rule, const std::string& section,
                             const RawOption& option) {
    std::vector<std::string_view> known;
    for (const OptionRule& candidate : rule.options)
      known.push_back(candidate.name);
    // The value is not shown: the option might be a misspelt password.
    add(m_loaded.warnings, option.line, section, option.name, {},
        "unknown option" + did_you_mean(option.name, known));
  }

  void keep_raw(const RawSection& section, const SectionRule& rule) {
    RawSection kept = section;
    for (const RawOption& option : section.options) {
      if (rule.find(option.name) == nullptr) report_unknown_option(rule, section.name, option);
    }
    for (const RawOption& option : m_ini.defaults.options) {
      if (!section.find(option.name)) kept.options.push_back(option);
    }
    m_loaded.settings.logging.push_back(std::move(kept));
  }

  void read_option(const RawSection& section, const SectionRule& rule, const std::string& name,
                   const RawOption& written, void* values) {
    bool obsolete = false;
    const OptionRule* option = rule.find(written.name, &obsolete);
    if (option == nullptr) return report_unknown_option(rule, name, written);
    const std::string canonical(option->name);
    if (canonical != written.name && has_option(section, canonical)) {
      return add(m_loaded.warnings, written.line, name, written.name, {},
                 "ignored, because `" + canonical + "` is there too");
    }
    if (obsolete) {
      add(m_loaded.warnings, written.line, name, written.name, {},
          "obsolete; write `" + canonical + "`");
    }
    m_loaded.lines[{name, canonical}] = written.line;
    read_value(section, *option, name, written, values);
  }

  void read_value(const RawSection& section, const OptionRule& option, const std::string& name,
                  const RawOption& written, void* values) {
    const auto value = interpolate(written.value, section, m_ini.defaults);
    if (value && option.read(values, *value)) return;
    // As written: the inserted options may be passwords.
    const std::string shown = option.secret ? std::string(k_hidden) : written.value;
    if (value && option.forgiving) {
      return add(m_loaded.warnings, written.line, name, written.name, shown,
                 "expected " + option.expected + "; `" + option.default_text + "` counts");
    }
    m_failed.insert({name, std::string(option.name)});
    add(m_loaded.errors, written.line, name, written.name, shown,
        "expected " + (value ? option.expected : value.error().message));
  }

  /// Options of [DEFAULT] that the section knows and does not have.
  void read_defaults(const RawSection& section, const SectionRule& rule, const std::string& name,
                     void* values) {
    for (const RawOption& option : m_ini.defaults.options) {
      if (section.find(option.name)) continue;
      const OptionRule* known = rule.find(option.name);
      if (known == nullptr || m_loaded.is_written(name, std::string(known->name))) continue;
      m_loaded.lines[{name, std::string(known->name)}] = option.line;
      read_value(section, *known, name, option, values);
    }
  }

  static bool has_option(const RawSection& section, const std::string& option) {
    return section.find(option).has_value();
  }

  void require_options(const RawSection& section, const SectionRule& rule,
                       const std::string& name) {
    for (const OptionRule& option : rule.options) {
      if (!option.mandatory || m_loaded.is_written(name, std::string(option.name))) continue;
      m_failed.insert({name, std::string(option.name)});
      add(m_loaded.errors, section.line, name, std::string(option.name), {},
          "missing; expected " + option.expected);
    }
  }

  void require_sections() {
    for (const SectionRule& rule : section_rules()) {
      const std::string name(rule.name);
      if (!rule.mandatory || m_loaded.lines.count({name, ""}) != 0) continue;
      add(m_loaded.errors, 0, name, {}, {}, "missing; the section must be there");
    }
  }

  void check_logging() {
    if (m_loaded.settings.logging.empty()) return;
    LoggingReading reading = read_logging(m_loaded.settings.logging);
    for (LoggingProblem& problem : reading.problems) {
      add(problem.error ? m_loaded.errors : m_loaded.warnings, problem.line,
          std::move(problem.section), std::move(problem.option), std::move(problem.value),
          std::move(problem.message));
    }
    m_loaded.settings.logging_plan = std::move(reading.plan);
  }

  void finish_main() {
    Main& main = m_loaded.settings.main;
    if (main.package_detect_smart_method.check_in_loop) {
      add(m_loaded.warnings, line_of("main", "package_detect_smart_method"), "main",
          "package_detect_smart_method", "check_in_loop", "never did anything; leave it out");
    }
    if (main.use_iocp_reactor) {
      add(m_loaded.notes, line_of("main", "use_iocp_reactor"), "main", "use_iocp_reactor", "1",
          "has no effect on this system");
    }
    if (!main.public_ip.empty()) return;
    main.public_ip = default_public_ip(main.host);
    if (main.host == "0.0.0.0" || main.host == "::") {
      add(m_loaded.warnings, line_of("main", "host"), "main", "public_ip", {},
          "not set while all addresses are listened on: the machine's host name goes into URLs");
    }
  }

  void finish_packages() {
    Settings& settings = m_loaded.settings;
    for (PackageApiPut& put : settings.package_api_puts) {
      const bool own = !put.tmp_input_dir.empty();
      const bool of_main = !own && m_loaded.is_written("main", "tmp_input_dir");
      if (!own) put.tmp_input_dir = settings.main.tmp_input_dir;
      if (of_main) {
        m_loaded.lines[{put.name, "tmp_input_dir"}] = m_loaded.lines[{"main", "tmp_input_dir"}];
      }
      put.tmp_input_dir_written = own || (of_main && !put.tmp_input_dir.empty());
    }
    settings.main.package_detect_activate = settings.detection_active();
  }

  void finish_imaging() {
    auto& imaging = m_loaded.settings.imaging_api;
    if (!imaging) return;
    if (imaging->uuid.empty()) {
      if (m_failed.count({"imaging_api", "uuid"}) != 0) return;
      add(m_loaded.warnings, line_of("imaging_api", ""), "imaging_api", "uuid", {},
          "not set: imaging is off; the registration tool's option -u prints a new UUID");
      imaging.reset();
      return;
    }
    imaging->cdrom_bootloader_written = m_loaded.is_written("imaging_api", "cdrom_bootloader");
    for (std::string* path :
         {&imaging->bootloader_folder, &imaging->bootmenus_folder, &imaging->diskless_folder,
          &imaging->inventories_folder, &imaging->computers_folder, &imaging->masters_folder,
          &imaging->postinst_folder, &imaging->archives_folder, &imaging->isos_folder,
          &imaging->rpc_replay_file, &imaging->uuid_cache_file}) {
      if (!path->starts_with('/')) *path = imaging->base_folder + "/" + *path;
    }
  }

  int line_of(const std::string& section, const std::string& option) const {
    const auto found = m_loaded.lines.find({section, option});
    return found == m_loaded.lines.end() ? 0 : found->second;
  }

  IniFile m_ini;
  Loaded m_loaded;
  Failed m_failed;
};

/// The colon before and the `@` after the password of a URL whose authority begins at `begin`; npos
/// for both without one. A slash belongs into a password as %2F, but may be written there as it is:
/// what stands between the colon and that slash is no port then.
std::pair<std::size_t, std::size_t> password_in(std::string_view text, std::size_t begin) {
  const auto none = std::pair(std::string::npos, std::string::npos);
  const std::string_view word = text.substr(begin, text.find_first_of(" \t\n", begin) - begin);
  // An IPv6 address has colons of its own.
  const std::size_t colon = word.find(':', word.starts_with('[') ? word.find(']') : 0);
  if (colon == std::string_view::npos) return none;
  const std::size_t slash = std::min(word.find('/'), word.size());
  std::size_t host = word.substr(0, slash).rfind('@');
  const std::string_view port = word.substr(colon + 1, std::max(slash, colon + 1) - colon - 1);
  const bool is_port = port.find_first_not_of("0123456789") == std::string_view::npos;
  if (host == std::string_view::npos && colon < slash && !is_port) host = word.rfind('@');
  if (host == std::string_view::npos || host < colon) return none;
  return {begin + colon, begin + host};
}

}  // namespace

std::string hide_credentials(std::string text) {
  std::size_t at = 0;
  while ((at = text.find("://", at)) != std::string::npos) {
    at += 3;
    const auto [colon, host] = password_in(text, at);
    if (host != std::string::npos) text.replace(colon + 1, host - colon - 1, k_hidden);
  }
  return text;
}

std::string Diagnostic::to_text() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  text += ":";
  if (!section.empty()) text += " [" + base::printable(section) + "]";
  if (!option.empty()) text += " " + base::printable(option);
  if (!value.empty())
    text += (option.empty() ? " `" : " = ") + base::printable(hide_credentials(value));
  if (!value.empty() && option.empty()) text += "`";
  if (!section.empty() || !option.empty() || !value.empty()) text += ":";
  return text + " " + message;
}

bool Loaded::is_written(const std::string& section, const std::string& option) const {
  return lines.count({section, option}) != 0;
}

Loaded load(std::string_view text, std::string file) {
  return Loader(text, std::move(file)).load();
}

}  // namespace pulse2::config
