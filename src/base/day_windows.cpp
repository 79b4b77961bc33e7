#include "base/day_windows.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pulse2::base {

namespace {

constexpr int k_day = 24 * 60;

/// Minutes since midnight of `HH:MM`.
std::optional<int> parse_time(std::string_view text) {
  const auto parts = split(trim(text), ':');
  if (parts.size() != 2 || parts[0].empty() || parts[0].size() > 2 || parts[1].size() != 2) {
    return std::nullopt;
  }
  const auto hours = parse_integer<unsigned>(parts[0]);
  const auto minutes = parse_integer<unsigned>(parts[1]);
  if (!hours || !minutes || *hours > 24 || *minutes > 59) return std::nullopt;
  const int time = static_cast<int>(*hours * 60 + *minutes);
  if (time > k_day) return std::nullopt;
  return time;
}

std::string show_time(int minute) {
  const auto two_digits = [](int number) {
    return (number < 10 ? "0" : "") + std::to_string(number);
  };
  return two_digits(minute / 60) + ":" + two_digits(minute % 60);
}

}  // namespace

std::optional<DayWindows> DayWindows::parse(std::string_view text) {
  DayWindows parsed;
  for (const auto part : split(text, ',')) {
    const auto times = split(part, '-');
    if (times.size() != 2) return std::nullopt;
    const auto begin = parse_time(times[0]);
    const auto end = parse_time(times[1]);
    if (!begin || !end) return std::nullopt;
    const Window window{*begin % k_day, *end == 0 ? k_day : *end};
    if (window.begin == window.end) return std::nullopt;
    parsed.m_windows.push_back(window);
  }
  return parsed;
}

bool DayWindows::contains(int minute) const noexcept {
  if (m_windows.empty()) return true;
  return std::any_of(m_windows.begin(), m_windows.end(), [minute](const Window& window) {
    if (window.begin < window.end) return minute >= window.begin && minute < window.end;
    return minute >= window.begin || minute < window.end;
  });
}

int DayWindows::minutes_until_open(int minute) const noexcept {
  int wait = 0;
  while (wait < k_day && !contains((minute + wait) % k_day))
    ++wait;
  return wait;
}

std::string DayWindows::text() const {
  std::vector<std::string> parts;
  parts.reserve(m_windows.size());
  for (const auto& window : m_windows)
    parts.push_back(show_time(window.begin) + "-" + show_time(window.end));
  return join(parts, ",");
}

}  // namespace pulse2::base
