// Links: pulse2::config pulse2::log
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/logging.hpp"
#include "config/python_literal.hpp"
#include "config/settings.hpp"
#include "log/line_text.hpp"

namespace {

namespace config = pulse2::config;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Takes the text up to the next line feed.
std::string next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string line(text.substr(0, end));
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

int depth_of(const config::Literal& literal) {
  const auto* list = std::get_if<std::vector<config::Literal>>(&literal.value);
  if (list == nullptr) return 0;
  int deepest = 0;
  for (const auto& item : *list)
    deepest = std::max(deepest, depth_of(item));
  return deepest + 1;
}

/// The sections of a file with one handler.
std::vector<config::RawSection> sections(const std::string& kind, const std::string& args,
                                         const std::string& format, const std::string& datefmt) {
  return {{"loggers", 1, {{"keys", "root", 2}}},
          {"handlers", 3, {{"keys", "h", 4}}},
          {"formatters", 5, {{"keys", "f", 6}}},
          {"logger_root", 7, {{"handlers", "h", 8}}},
          {"handler_h", 9, {{"class", kind, 10}, {"formatter", "f", 11}, {"args", args, 12}}},
          {"formatter_f", 13, {{"format", format, 14}, {"datefmt", datefmt, 15}}}};
}

}  // namespace

/// The first line is `args`, the second `format`, the third `datefmt`, the rest a message: whatever
/// is accepted can be logged with.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string args = next_line(text);
  const std::string format = next_line(text);
  const std::string datefmt = next_line(text);
  if (const auto tuple = config::parse_tuple(args)) {
    for (const auto& literal : *tuple)
      require(depth_of(literal) < 4);
  }
  constexpr std::array k_kinds = {"StreamHandler",
                                  "FileHandler",
                                  "handlers.WatchedFileHandler",
                                  "handlers.RotatingFileHandler",
                                  "handlers.TimedRotatingFileHandler",
                                  "handlers.SysLogHandler",
                                  "handlers.NTEventLogHandler"};
  for (const char* kind : k_kinds) {
    const auto reading = config::read_logging(sections(kind, args, format, datefmt));
    bool is_right = true;
    for (const auto& problem : reading.problems) {
      require(!problem.message.empty());
      is_right = is_right && !problem.error;
    }
    if (!is_right) continue;
    for (const auto& handler : reading.plan.handlers) {
      (void)config::file_of(handler.target);
      pulse2::log::Record record;
      record.message = text;
      const std::string line = pulse2::log::render(handler.format, record);
      // Each field is bounded by its widths, and there are no more of them than bytes.
      require(line.size() <= (format.size() + 1) * (text.size() + datefmt.size() * 300 + 300));
    }
  }
  return 0;
}
