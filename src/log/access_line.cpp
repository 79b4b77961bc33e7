#include "log/access_line.hpp"

#include <spdlog/fmt/fmt.h>

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <ctime>

#include "base/text.hpp"
#include "config/load.hpp"
#include "log/line_text.hpp"

namespace pulse2::log {
namespace {

constexpr std::size_t k_longest_field = 2000;

/// `24/Nov/2026:03:14:23 +0000`, rendered once a second for each thread.
std::string_view time_text(std::chrono::system_clock::time_point time) {
  struct Rendered {
    std::time_t second = -1;
    std::array<char, 40> text{};
    std::size_t size = 0;
  };
  thread_local Rendered kept;
  const std::time_t second = std::chrono::system_clock::to_time_t(time);
  if (second != kept.second) {
    std::tm parts{};
    localtime_r(&second, &parts);
    constexpr std::array<std::string_view, 12> k_months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const long minutes = parts.tm_gmtoff / 60;
    const auto end = fmt::format_to_n(
        kept.text.data(), kept.text.size(), "{:02}/{}/{}:{:02}:{:02}:{:02} {}{:02}{:02}",
        parts.tm_mday, k_months.at(static_cast<std::size_t>(parts.tm_mon)), parts.tm_year + 1900,
        parts.tm_hour, parts.tm_min, parts.tm_sec, minutes < 0 ? '-' : '+', std::abs(minutes) / 60,
        std::abs(minutes) % 60);
    kept.size = end.size;
    kept.second = second;
  }
  return {kept.text.data(), kept.size};
}

void append_escaped(std::string& line, std::string_view text) {
  for (const char c : text.substr(0, k_longest_field)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      line += fmt::format("\\x{:02X}", byte);
    } else {
      line += c;
    }
  }
}

/// What may be a URL, without a password in it.
std::string without_password(std::string_view text) {
  const bool has_authority = text.find("://") != std::string_view::npos;
  return has_authority ? config::hide_credentials(std::string(text)) : std::string(text);
}

void append_url(std::string& line, std::string_view text) {
  append_escaped(line, without_password(text));
}

std::string json_text(std::string_view text) {
  return base::printable(without_password(text), k_longest_field);
}

std::string_view version_text(int version) {
  return version == 10 ? "HTTP/1.0" : "HTTP/1.1";
}

void append_quoted(std::string& line, std::string_view text) {
  line += " \"";
  if (text.empty()) line += '-';
  append_url(line, text);
  line += '"';
}

}  // namespace

std::string access_line(const AccessRecord& record) {
  std::string line;
  line.reserve(200);
  line += record.client;
  line += " - ";
  if (record.user.empty()) line += '-';
  for (const char c : record.user) {
    // A blank would end the field.
    if (c == ' ') {
      line += "\\x20";
    } else {
      append_escaped(line, {&c, 1});
    }
  }
  line += " [";
  line += time_text(record.time);
  line += "] \"";
  if (record.method.empty()) {
    line += '-';
  } else {
    append_escaped(line, record.method);
    line += ' ';
    append_url(line, record.target);
    line += ' ';
    line += version_text(record.version);
  }
  line += fmt::format("\" {} ", record.status);
  line += record.bytes == 0 ? "-" : std::to_string(record.bytes);
  append_quoted(line, record.referer);
  append_quoted(line, record.user_agent);
  return line;
}

std::string access_json(const AccessRecord& record) {
  boost::json::object line;
  line["time"] = utc_text(record.time);
  line["client"] = record.client;
  line["user"] = base::printable(record.user, k_longest_field);
  line["method"] = base::printable(record.method, k_longest_field);
  line["target"] = json_text(record.target);
  line["version"] = record.method.empty() ? "" : version_text(record.version);
  line["status"] = record.status;
  line["bytes"] = record.bytes;
  line["complete"] = record.complete;
  line["milliseconds"] =
      std::chrono::duration_cast<std::chrono::milliseconds>(record.duration).count();
  line["referer"] = json_text(record.referer);
  line["user_agent"] = json_text(record.user_agent);
  return boost::json::serialize(line);
}

}  // namespace pulse2::log
