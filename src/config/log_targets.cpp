#include "config/log_targets.hpp"

#include <array>
#include <limits>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace pulse2::config {
namespace {

using base::ErrorKind;
using base::Expected;
using base::fail;

struct Facility {
  std::string_view name;
  int number;
};
/// RFC 5424 numbers under the names of Python's SysLogHandler.
constexpr std::array<Facility, 20> k_facilities{{
    {"kern", 0},      {"user", 1},    {"mail", 2},    {"daemon", 3},  {"auth", 4},
    {"syslog", 5},    {"lpr", 6},     {"news", 7},    {"uucp", 8},    {"cron", 9},
    {"authpriv", 10}, {"ftp", 11},    {"local0", 16}, {"local1", 17}, {"local2", 18},
    {"local3", 19},   {"local4", 20}, {"local5", 21}, {"local6", 22}, {"local7", 23},
}};

/// The arguments of one handler, taken one after the other. After a mistake all further takes are
/// without meaning; failure() tells the first one.
class Arguments {
 public:
  explicit Arguments(const std::vector<Literal>& items) : m_items(items) {}

  /// The next argument, null when there is none or when it is `None`.
  const Literal* next() {
    if (m_at >= m_items.size()) return nullptr;
    const Literal& item = m_items[m_at++];
    const auto* name = std::get_if<LiteralName>(&item.value);
    return name != nullptr && name->text == "None" ? nullptr : &item;
  }

  void path(std::string& path) {
    const Literal* item = next();
    const auto* text = item == nullptr ? nullptr : std::get_if<std::string>(&item->value);
    if (text == nullptr || !text->starts_with('/') || text->find('\0') != std::string::npos) {
      return expect("an absolute file name as first argument");
    }
    path = *text;
  }

  void mode(bool& truncate) {
    const Literal* item = next();
    if (item == nullptr) return;
    const auto* text = std::get_if<std::string>(&item->value);
    const std::string_view mode = text == nullptr ? "" : std::string_view(*text).substr(0, 1);
    if (mode != "a" && mode != "w") return expect("a mode 'a' or 'w' after the file name");
    truncate = mode == "w";
  }

  template <class Integer>
  void number(Integer& number, std::int64_t least, std::string_view what) {
    const Literal* item = next();
    if (item == nullptr) return;
    const auto* value = std::get_if<std::int64_t>(&item->value);
    if (value == nullptr || *value < least || *value > std::numeric_limits<Integer>::max()) {
      return expect(std::string(what) + " as a number from " + std::to_string(least) + " on");
    }
    number = static_cast<Integer>(*value);
  }

  void boolean(bool& value, std::string_view what) {
    const Literal* item = next();
    if (item == nullptr) return;
    if (const auto* name = std::get_if<LiteralName>(&item->value)) {
      if (name->text == "True" || name->text == "False") {
        value = name->text == "True";
        return;
      }
    }
    if (const auto* number = std::get_if<std::int64_t>(&item->value)) {
      value = *number != 0;
      return;
    }
    expect(std::string(what) + " as True or False");
  }

  void expect(std::string what) {
    if (!m_failure) m_failure = std::move(what);
  }

  /// `encoding` and `delay` are accepted without effect: lines are written as they are.
  Expected<LogTarget> finish(LogTarget target, std::size_t most) {
    if (m_items.size() > most) expect("at most " + std::to_string(most) + " arguments");
    if (m_failure) return fail(ErrorKind::invalid_argument, *m_failure);
    return target;
  }

 private:
  const std::vector<Literal>& m_items;
  std::size_t m_at = 0;
  std::optional<std::string> m_failure;
};

Expected<LogTarget> stream(Arguments arguments) {
  StreamTarget target;
  if (const Literal* item = arguments.next()) {
    const auto* name = std::get_if<LiteralName>(&item->value);
    const std::string_view written = name == nullptr ? "" : std::string_view(name->text);
    target.standard_output = written == "sys.stdout";
    if (written != "sys.stdout" && written != "sys.stderr") {
      arguments.expect("(sys.stdout,), (sys.stderr,) or ()");
    }
  }
  return arguments.finish(target, 1);
}

Expected<LogTarget> file(Arguments arguments) {
  FileTarget target;
  arguments.path(target.path);
  arguments.mode(target.truncate);
  return arguments.finish(target, 4);
}

Expected<LogTarget> size_rotated(Arguments arguments) {
  SizeRotatedTarget target;
  arguments.path(target.path);
  arguments.mode(target.truncate);
  arguments.number(target.max_bytes, 0, "maxBytes");
  arguments.number(target.backup_count, 0, "backupCount");
  return arguments.finish(target, 6);
}

/// S, M, H, D, midnight or W0 to W6, in any case.
std::optional<RotationRule> parse_when(std::string_view written) {
  const std::string when = base::to_upper(written);
  RotationRule rule;
  if (when.size() == 2 && when[0] == 'W' && when[1] >= '0' && when[1] <= '6') {
    rule.unit = RotationUnit::week;
    rule.weekday = when[1] - '0';
    return rule;
  }
  constexpr std::array<std::pair<std::string_view, RotationUnit>, 5> k_units{{
      {"S", RotationUnit::second},
      {"M", RotationUnit::minute},
      {"H", RotationUnit::hour},
      {"D", RotationUnit::day},
      {"MIDNIGHT", RotationUnit::midnight},
  }};
  for (const auto& [name, unit] : k_units) {
    rule.unit = unit;
    if (name == when) return rule;
  }
  return std::nullopt;
}

Expected<LogTarget> time_rotated(Arguments arguments) {
  TimeRotatedTarget target;
  bool delay = false;
  arguments.path(target.path);
  if (const Literal* item = arguments.next()) {
    const auto* text = std::get_if<std::string>(&item->value);
    const auto rule = text == nullptr ? std::nullopt : parse_when(*text);
    if (!rule)
      arguments.expect("'S', 'M', 'H', 'D', 'midnight' or 'W0' to 'W6' after the file name");
    target.rule = rule.value_or(RotationRule{});
  }
  arguments.number(target.rule.interval, 1, "interval");
  if (target.rule.interval > 100'000) arguments.expect("an interval up to 100000");
  arguments.number(target.backup_count, 0, "backupCount");
  static_cast<void>(arguments.next());  // encoding
  arguments.boolean(delay, "delay");
  arguments.boolean(target.rule.utc, "utc");
  return arguments.finish(std::move(target), 7);
}

void read_address(Arguments& arguments, SyslogTarget& target) {
  const Literal* item = arguments.next();
  if (item == nullptr) return;
  if (const auto* path = std::get_if<std::string>(&item->value)) {
    target.socket = *path;
    if (path->starts_with('/')) return;
  }
  if (const auto* pair = std::get_if<std::vector<Literal>>(&item->value);
      pair && pair->size() == 2) {
    const auto* host = std::get_if<std::string>(&(*pair)[0].value);
    const auto* port = std::get_if<std::int64_t>(&(*pair)[1].value);
    if (host != nullptr && !host->empty() && port != nullptr && *port > 0 && *port < 65536) {
      target.host = *host;
      target.port = static_cast<int>(*port);
      return;
    }
  }
  arguments.expect("an address '/dev/log' or ('host', 514) as first argument");
}

std::optional<int> facility_number(const Literal& literal) {
  if (const auto* number = std::get_if<std::int64_t>(&literal.value)) {
    if (*number >= 0 && *number <= 23) return static_cast<int>(*number);
    return std::nullopt;
  }
  std::string name;
  if (const auto* text = std::get_if<std::string>(&literal.value)) name = *text;
  if (const auto* constant = std::get_if<LiteralName>(&literal.value)) {
    const std::size_t at = constant->text.rfind("LOG_");
    if (at != std::string::npos) name = base::to_lower(constant->text.substr(at + 4));
  }
  for (const Facility& facility : k_facilities) {
    if (facility.name == name) return facility.number;
  }
  return std::nullopt;
}

Expected<LogTarget> syslog(Arguments arguments) {
  SyslogTarget target;
  read_address(arguments, target);
  if (const Literal* item = arguments.next()) {
    const auto facility = facility_number(*item);
    if (!facility) {
      arguments.expect("a facility such as 'daemon' or handlers.SysLogHandler.LOG_DAEMON");
    }
    target.facility = facility.value_or(target.facility);
  }
  if (const Literal* item = arguments.next()) {
    const auto* name = std::get_if<LiteralName>(&item->value);
    if (name == nullptr || !name->text.ends_with("SOCK_DGRAM")) {
      arguments.expect("socket.SOCK_DGRAM, if anything, after the facility");
    }
  }
  return arguments.finish(std::move(target), 3);
}

}  // namespace

Expected<LogTarget> make_log_target(std::string_view class_name,
                                    const std::vector<Literal>& literals) {
  if (class_name.starts_with("logging.")) class_name.remove_prefix(8);
  const Arguments arguments(literals);
  if (class_name == "StreamHandler") return stream(arguments);
  // Every file is watched: one that was moved is opened again.
  if (class_name == "FileHandler" || class_name == "handlers.WatchedFileHandler") {
    return file(arguments);
  }
  if (class_name == "handlers.RotatingFileHandler") return size_rotated(arguments);
  if (class_name == "handlers.TimedRotatingFileHandler") return time_rotated(arguments);
  if (class_name == "handlers.SysLogHandler") return syslog(arguments);
  if (class_name == "handlers.NTEventLogHandler") {
    return fail(ErrorKind::not_found,
                "a class that this system has; handlers.SysLogHandler is its "
                "counterpart");
  }
  return fail(ErrorKind::not_found,
              "StreamHandler, FileHandler, handlers.RotatingFileHandler, "
              "handlers.TimedRotatingFileHandler, handlers.WatchedFileHandler or "
              "handlers.SysLogHandler");
}

}  // namespace pulse2::config
