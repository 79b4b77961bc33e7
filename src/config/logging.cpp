#include "config/logging.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "config/log_targets.hpp"
#include "config/python_literal.hpp"
#include "config/settings.hpp"

namespace pulse2::config {
namespace {

constexpr std::string_view k_default_format = "%(message)s";
constexpr std::string_view k_usual_format = "%(asctime)s %(levelname)s %(message)s";
constexpr int k_facility_daemon = 3;

std::optional<LogLevel> parse_level(std::string_view written) {
  if (written == "NOTSET") return LogLevel::notset;
  if (written == "DEBUG") return LogLevel::debug;
  if (written == "INFO") return LogLevel::info;
  if (written == "WARNING" || written == "WARN") return LogLevel::warning;
  if (written == "ERROR") return LogLevel::error;
  if (written == "CRITICAL" || written == "FATAL") return LogLevel::critical;
  return std::nullopt;
}

LineFormat make_format(std::string_view format) {
  return {compile_line_format(format).value_or(std::vector<LinePiece>{}), {}};
}

HandlerPlan standard_error_handler() {
  return {"standard error", LogLevel::info, make_format(k_usual_format), StreamTarget{}};
}

class Reader {
 public:
  explicit Reader(const std::vector<RawSection>& sections) : m_sections(sections) {}

  LoggingReading read() {
    read_each("formatter", [this](const RawSection& section, const std::string& key) {
      m_formats[key] = read_formatter(section);
    });
    read_each("handler", [this](const RawSection& section, const std::string& key) {
      read_handler(section, key);
    });
    read_loggers();
    return std::move(m_reading);
  }

 private:
  struct Logger {
    LoggerPlan plan;
    bool propagate = true;
  };

  LoggingPlan& plan() { return m_reading.plan; }

  void add(bool error, const RawSection& section, std::string_view option, std::string message) {
    LoggingProblem problem{error, section.line, section.name, std::string(option), {}, {}};
    problem.message = std::move(message);
    for (const RawOption& written : section.options) {
      if (written.name != option) continue;
      problem.line = written.line;
      problem.value = written.value;
    }
    m_reading.problems.push_back(std::move(problem));
  }
  void fail(const RawSection& section, std::string_view option, const std::string& expected) {
    add(true, section, option, "expected " + expected);
  }

  [[nodiscard]] const RawSection* find_section(std::string_view name) const {
    for (const RawSection& section : m_sections) {
      if (section.name == name) return &section;
    }
    return nullptr;
  }

  static std::vector<std::string> keys_of(std::string_view list) {
    std::vector<std::string> keys;
    for (const std::string_view part : base::split(list, ',')) {
      if (!base::trim(part).empty()) keys.emplace_back(base::trim(part));
    }
    return keys;
  }

  /// Calls `read` for each section that `keys` of [<kind>s] names and that is there.
  template <class Read>
  void read_each(const std::string& kind, Read read) {
    const RawSection* list = find_section(kind + "s");
    if (list == nullptr) return;
    const auto written = list->find("keys");
    if (!written) return fail(*list, "keys", "names, separated by commas; it is missing");
    for (const std::string& key : keys_of(*written)) {
      std::string wanted = kind;
      wanted += '_';
      wanted += key;
      if (const RawSection* section = find_section(wanted)) {
        read(*section, key);
      } else {
        fail(*list, "keys", "names of sections; there is no [" + wanted + "]");
      }
    }
  }

  LineFormat read_formatter(const RawSection& section) {
    const std::string_view format = section.find("format").value_or(k_default_format);
    auto pieces = compile_line_format(format);
    if (!pieces) {
      fail(section, "format", pieces.error().message);
      return {};
    }
    return {*std::move(pieces), std::string(section.find("datefmt").value_or(""))};
  }

  void read_handler(const RawSection& section, const std::string& key) {
    HandlerPlan handler;
    handler.name = key;
    handler.level = read_level(section);
    handler.format = read_format_name(section);
    read_target(section, handler.target);
    m_handlers[key] = plan().handlers.size();
    plan().handlers.push_back(std::move(handler));
  }

  LogLevel read_level(const RawSection& section) {
    const auto written = section.find("level");
    const auto level = parse_level(written.value_or("NOTSET"));
    if (!level) fail(section, "level", "NOTSET, DEBUG, INFO, WARNING, ERROR or CRITICAL");
    return level.value_or(LogLevel::notset);
  }

  LineFormat read_format_name(const RawSection& section) {
    const std::string name(section.find("formatter").value_or(""));
    if (name.empty()) return make_format(k_default_format);
    const auto known = m_formats.find(name);
    if (known != m_formats.end()) return known->second;
    fail(section, "formatter", "a name of `keys` of [formatters]");
    return {};
  }

  void read_target(const RawSection& section, LogTarget& target) {
    const auto class_name = section.find("class");
    if (!class_name) return fail(section, "class", "a handler class; it is missing");
    auto arguments = parse_tuple(section.find("args").value_or("()"));
    if (!arguments) fail(section, "args", arguments.error().message);
    auto made = make_log_target(*class_name, arguments.value_or(std::vector<Literal>{}));
    if (made) {
      target = *std::move(made);
    } else if (made.error().kind == base::ErrorKind::not_found) {
      fail(section, "class", made.error().message);
    } else if (arguments) {
      fail(section, "args", made.error().message);
    }
  }

  void read_loggers() {
    if (find_section("loggers") == nullptr) {
      return fail(m_sections.front(), "", "a section [loggers] beside this one; it is missing");
    }
    std::map<std::string, Logger> loggers;
    read_each("logger", [&](const RawSection& section, const std::string& key) {
      const std::string name = key == "root" ? key : read_qualname(section);
      loggers[name] = read_logger(section, key == "root");
    });
    if (loggers.count("root") == 0) {
      // A section that is named but missing has its error already.
      if (find_section("logger_root") != nullptr) {
        fail(*find_section("loggers"), "keys", "`root` among the names");
      }
      return;
    }
    plan().root = loggers["root"].plan;
    const auto imaging = loggers.find("imaging");
    finish_imaging(imaging == loggers.end() ? Logger{} : imaging->second);
  }

  std::string read_qualname(const RawSection& section) {
    std::string name(section.find("qualname").value_or(""));
    if (name.empty()) {
      fail(section, "qualname", "the logger's name, `imaging`; it is missing");
    } else if (name != "imaging") {
      add(false, section, "qualname", "nothing is logged there; the server uses `imaging`");
    }
    return name;
  }

  Logger read_logger(const RawSection& section, bool root) {
    Logger logger;
    logger.plan.level = read_level(section);
    const std::string_view propagate = section.find("propagate").value_or("1");
    if (propagate != "0" && propagate != "1") fail(section, "propagate", "0 or 1");
    logger.propagate = propagate != "0";
    for (const std::string& key : keys_of(section.find("handlers").value_or(""))) {
      const auto known = m_handlers.find(key);
      if (known != m_handlers.end()) {
        logger.plan.handlers.push_back(known->second);
      } else {
        fail(section, "handlers", "names of `keys` of [handlers]; `" + key + "` is none");
      }
    }
    if (root && logger.plan.handlers.empty()) {
      add(false, section, "handlers", "there are none: nothing is logged");
    }
    return logger;
  }

  void finish_imaging(Logger logger) {
    const LoggerPlan& root = plan().root;
    if (logger.plan.level == LogLevel::notset) logger.plan.level = root.level;
    if (logger.propagate) {
      logger.plan.handlers.insert(logger.plan.handlers.end(), root.handlers.begin(),
                                  root.handlers.end());
    }
    plan().imaging = std::move(logger.plan);
  }

  const std::vector<RawSection>& m_sections;
  LoggingReading m_reading;
  std::map<std::string, LineFormat> m_formats;
  std::map<std::string, std::size_t> m_handlers;
};

}  // namespace

LoggingReading read_logging(const std::vector<RawSection>& sections) {
  return Reader(sections).read();
}

std::string file_of(const LogTarget& target) {
  return std::visit(
      [](const auto& kind) -> std::string {
        if constexpr (requires { kind.path; }) {
          return kind.path;
        } else {
          return {};
        }
      },
      target);
}

LoggingPlan default_logging(bool daemon) {
  HandlerPlan handler = standard_error_handler();
  if (daemon) {
    handler.format = make_format("pulse2-package-server[%(process)d]: %(levelname)s %(message)s");
    SyslogTarget syslog;
    syslog.socket = "/dev/log";
    syslog.facility = k_facility_daemon;
    handler.target = std::move(syslog);
  }
  LoggingPlan plan;
  plan.handlers.push_back(std::move(handler));
  plan.root = {LogLevel::info, {0}};
  plan.imaging = plan.root;
  return plan;
}

void add_standard_error(LoggingPlan& plan) {
  const std::size_t added = plan.handlers.size();
  const auto is_there = [&plan](std::size_t handler) {
    const auto* stream = std::get_if<StreamTarget>(&plan.handlers[handler].target);
    return stream != nullptr && !stream->standard_output;
  };
  for (LoggerPlan* logger : {&plan.root, &plan.imaging}) {
    const auto& handlers = logger->handlers;
    if (std::none_of(handlers.begin(), handlers.end(), is_there)) logger->handlers.push_back(added);
  }
  plan.handlers.push_back(standard_error_handler());
}

void add_json_file(LoggingPlan& plan, const std::string& path) {
  HandlerPlan handler;
  handler.name = "json_log";
  handler.json = true;
  handler.target = FileTarget{path, false};
  for (LoggerPlan* logger : {&plan.root, &plan.imaging})
    logger->handlers.push_back(plan.handlers.size());
  plan.handlers.push_back(std::move(handler));
}

}  // namespace pulse2::config
