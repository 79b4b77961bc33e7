#include "log/line_text.hpp"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <ctime>

namespace pulse2::log {
namespace {

using config::LineField;
using config::LinePiece;
using std::chrono::duration;
using std::chrono::duration_cast;
using std::chrono::milliseconds;

/// Digits after the point of `%f` when no precision is given.
constexpr int k_usual_precision = 6;

std::int64_t milliseconds_of_second(std::chrono::system_clock::time_point time) {
  return duration_cast<milliseconds>(time.time_since_epoch()).count() % 1000;
}

std::string time_text(const std::string& datefmt, std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  const char* const layout = datefmt.empty() ? "%Y-%m-%d %H:%M:%S" : datefmt.c_str();
  std::array<char, 256> buffer{};
  std::string text(buffer.data(), std::strftime(buffer.data(), buffer.size(), layout, &parts));
  if (datefmt.empty()) text += fmt::format(",{:03}", milliseconds_of_second(time));
  return text;
}

std::string number_text(const LinePiece& piece, double value) {
  if (piece.conversion == 'd') return std::to_string(static_cast<std::int64_t>(value));
  const bool has_precision = piece.conversion == 'f' && piece.precision >= 0;
  return fmt::format("{:.{}f}", value, has_precision ? piece.precision : k_usual_precision);
}

std::string field_text(const config::LineFormat& format, const LinePiece& piece,
                       const Record& record) {
  switch (piece.field) {
    case LineField::text:
      return piece.text;
    case LineField::asctime:
      return time_text(format.datefmt, record.time);
    case LineField::levelname:
      return std::string(level_name(record.level));
    case LineField::levelno:
      return std::to_string(static_cast<int>(record.level));
    case LineField::name:
      return std::string(record.logger);
    case LineField::message:
      return std::string(record.message);
    case LineField::process:
      return std::to_string(record.process);
    case LineField::thread:
      return std::to_string(record.thread);
    case LineField::created:
      return number_text(piece, duration<double>(record.time.time_since_epoch()).count());
    case LineField::msecs:
      return number_text(piece, static_cast<double>(milliseconds_of_second(record.time)));
  }
  return {};
}

void append_filled(std::string& line, const LinePiece& piece, std::string text) {
  const bool cut = piece.conversion == 's' && piece.precision >= 0;
  if (cut) text = text.substr(0, static_cast<std::size_t>(piece.precision));
  const auto width = static_cast<std::size_t>(piece.width);
  const std::size_t missing = width > text.size() ? width - text.size() : 0;
  const bool zeros = piece.zeros && !piece.left && piece.conversion != 's';
  if (!piece.left) line.append(missing, zeros ? '0' : ' ');
  line += text;
  if (piece.left) line.append(missing, ' ');
}

}  // namespace

std::string_view level_name(config::LogLevel level) noexcept {
  using config::LogLevel;
  switch (level) {
    case LogLevel::notset:
      return "NOTSET";
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::info:
      return "INFO";
    case LogLevel::warning:
      return "WARNING";
    case LogLevel::error:
      return "ERROR";
    case LogLevel::critical:
      return "CRITICAL";
  }
  return "CRITICAL";
}

std::string render(const config::LineFormat& format, const Record& record) {
  std::string line;
  for (const LinePiece& piece : format.pieces) {
    if (piece.field == LineField::text) {
      line += piece.text;
    } else {
      append_filled(line, piece, field_text(format, piece, record));
    }
  }
  return line;
}

std::string utc_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     milliseconds_of_second(time));
}

std::string render_json(const Record& record) {
  // Each message is "identifier: text".
  constexpr std::string_view k_separator = ": ";
  const std::size_t end = std::min(record.message.find(k_separator), record.message.size());
  const std::size_t begin = std::min(end + k_separator.size(), record.message.size());
  boost::json::object line;
  line["time"] = utc_text(record.time);
  line["level"] = level_name(record.level);
  line["logger"] = record.logger;
  line["id"] = record.message.substr(0, end);
  line["message"] = record.message.substr(begin);
  line["process"] = record.process;
  line["thread"] = record.thread;
  return boost::json::serialize(line);
}

}  // namespace pulse2::log
