#include "log/rotation.hpp"

#include <algorithm>
#include <array>

namespace pulse2::log {
namespace {

using config::RotationRule;
using config::RotationUnit;

constexpr std::time_t k_minute = 60;
constexpr std::time_t k_hour = 60 * k_minute;
constexpr std::time_t k_day = 24 * k_hour;
constexpr int k_days_of_week = 7;

/// 0 for units that follow the calendar.
std::time_t seconds_of(RotationUnit unit) {
  switch (unit) {
    case RotationUnit::second:
      return 1;
    case RotationUnit::minute:
      return k_minute;
    case RotationUnit::hour:
      return k_hour;
    case RotationUnit::day:
      return k_day;
    case RotationUnit::midnight:
    case RotationUnit::week:
      return 0;
  }
  return 0;
}

const char* layout_of(RotationUnit unit) {
  switch (unit) {
    case RotationUnit::second:
      return "%Y-%m-%d_%H-%M-%S";
    case RotationUnit::minute:
      return "%Y-%m-%d_%H-%M";
    case RotationUnit::hour:
      return "%Y-%m-%d_%H";
    case RotationUnit::day:
    case RotationUnit::midnight:
    case RotationUnit::week:
      return "%Y-%m-%d";
  }
  return "%Y-%m-%d";
}

std::tm parts_of(const RotationRule& rule, std::time_t time) {
  std::tm parts{};
  if (rule.utc) {
    gmtime_r(&time, &parts);
  } else {
    localtime_r(&time, &parts);
  }
  return parts;
}

/// The midnight that begins the day of `parts`, `days` later.
std::time_t midnight(const RotationRule& rule, std::tm parts, int days) {
  parts.tm_mday += days;
  parts.tm_hour = parts.tm_min = parts.tm_sec = 0;
  parts.tm_isdst = -1;  // mktime finds out: the day may be one of a change
  return rule.utc ? timegm(&parts) : mktime(&parts);
}

std::string layout(const RotationRule& rule, std::time_t time) {
  const std::tm parts = parts_of(rule, time);
  std::array<char, 64> buffer{};
  return {buffer.data(), std::strftime(buffer.data(), buffer.size(), layout_of(rule.unit), &parts)};
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Whether the text looks like what layout() makes, with an extension or without.
bool is_layout(const RotationRule& rule, std::string_view text) {
  const std::string example = layout(rule, 0);
  if (text.size() < example.size()) return false;
  for (std::size_t i = 0; i < example.size(); ++i) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (is_digit(example[i]) ? !is_digit(text[i]) : text[i] != example[i]) return false;
  }
  const std::string_view extension = text.substr(example.size());
  return extension.empty() || (extension.size() > 1 && extension.front() == '.' &&
                               std::all_of(extension.begin() + 1, extension.end(), is_word));
}

}  // namespace

std::time_t next_rotation(const RotationRule& rule, std::time_t from) {
  if (const std::time_t seconds = seconds_of(rule.unit)) return from + seconds * rule.interval;
  const std::tm parts = parts_of(rule, from);
  int days = 1;
  if (rule.unit == RotationUnit::week) {
    // tm counts from Sunday on, Python from Monday on.
    const int weekday = (parts.tm_wday + k_days_of_week - 1) % k_days_of_week;
    days += (rule.weekday - weekday + k_days_of_week) % k_days_of_week;
  }
  return midnight(rule, parts, days);
}

std::string rotated_name(const RotationRule& rule, std::string_view path, std::time_t rotation) {
  std::time_t begin = rotation - seconds_of(rule.unit) * rule.interval;
  if (seconds_of(rule.unit) == 0) {
    const int days = rule.unit == RotationUnit::week ? k_days_of_week : 1;
    begin = midnight(rule, parts_of(rule, rotation), -days * rule.interval);
  }
  return std::string(path) + '.' + layout(rule, begin);
}

std::vector<std::string> surplus_names(const RotationRule& rule, std::string_view file_name,
                                       const std::vector<std::string>& names, std::size_t keep) {
  const std::string prefix = std::string(file_name) + '.';
  std::vector<std::string> rotated;
  for (const std::string& name : names) {
    if (!name.starts_with(prefix)) continue;
    if (is_layout(rule, std::string_view(name).substr(prefix.size()))) rotated.push_back(name);
  }
  std::sort(rotated.begin(), rotated.end());
  if (keep == 0 || rotated.size() <= keep) return {};
  rotated.resize(rotated.size() - keep);
  return rotated;
}

}  // namespace pulse2::log
