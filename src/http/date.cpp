#include "http/date.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace pulse2::http {
namespace {

constexpr std::array<std::string_view, 7> k_days = {"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> k_long_days = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> k_months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t k_min_seconds = -62167219200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t k_max_seconds = 253402300799;  // 9999-12-31T23:59:59Z
constexpr int k_century_pivot = 70;

/// Reads a date from left to right. After the first mismatch everything fails.
class Scanner {
 public:
  explicit Scanner(std::string_view text) noexcept : m_rest(text) {}

  void literal(std::string_view expected) noexcept {
    m_good = m_good && m_rest.starts_with(expected);
    if (m_good) m_rest.remove_prefix(expected.size());
  }

  /// Exactly `digits` digits; with `padded`, a space may stand for a leading zero.
  int number(std::size_t digits, bool padded = false) noexcept {
    if (!m_good || m_rest.size() < digits) return stop();
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      const char c = (padded && i == 0 && m_rest[i] == ' ') ? '0' : m_rest[i];
      if (c < '0' || c > '9') return stop();
      value = value * 10 + (c - '0');
    }
    m_rest.remove_prefix(digits);
    return value;
  }

  /// The index of the name that comes next.
  template <std::size_t Count>
  int name(const std::array<std::string_view, Count>& names) noexcept {
    const auto* found = std::find_if(names.begin(), names.end(), [this](std::string_view name) {
      return m_rest.starts_with(name);
    });
    if (!m_good || found == names.end()) return stop();
    m_rest.remove_prefix(found->size());
    return static_cast<int>(found - names.begin());
  }

  [[nodiscard]] bool finished() const noexcept { return m_good && m_rest.empty(); }

 private:
  int stop() noexcept {
    m_good = false;
    return 0;
  }

  std::string_view m_rest;
  bool m_good = true;
};

struct Moment {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
};

void read_time(Scanner& scanner, Moment& moment) noexcept {
  moment.hour = scanner.number(2);
  scanner.literal(":");
  moment.minute = scanner.number(2);
  scanner.literal(":");
  moment.second = scanner.number(2);
}

std::optional<std::int64_t> to_seconds(const Scanner& scanner, const Moment& moment) noexcept {
  using namespace std::chrono;
  const year_month_day date{year{moment.year}, month{static_cast<unsigned>(moment.month + 1)},
                            day{static_cast<unsigned>(moment.day)}};
  if (!scanner.finished() || !date.ok()) return std::nullopt;
  // 60 is a leap second (RFC 5322); it counts as the first second of the next minute.
  if (moment.hour > 23 || moment.minute > 59 || moment.second > 60) return std::nullopt;
  const std::int64_t days = sys_days{date}.time_since_epoch().count();
  return ((days * 24 + moment.hour) * 60 + moment.minute) * 60 + moment.second;
}

/// Sun, 06 Nov 1994 08:49:37 GMT
std::optional<std::int64_t> parse_imf(std::string_view text) noexcept {
  Scanner scanner(text);
  Moment moment;
  scanner.name(k_days);
  scanner.literal(", ");
  moment.day = scanner.number(2);
  scanner.literal(" ");
  moment.month = scanner.name(k_months);
  scanner.literal(" ");
  moment.year = scanner.number(4);
  scanner.literal(" ");
  read_time(scanner, moment);
  scanner.literal(" GMT");
  return to_seconds(scanner, moment);
}

/// Sunday, 06-Nov-94 08:49:37 GMT
std::optional<std::int64_t> parse_rfc850(std::string_view text) noexcept {
  Scanner scanner(text);
  Moment moment;
  scanner.name(k_long_days);
  scanner.literal(", ");
  moment.day = scanner.number(2);
  scanner.literal("-");
  moment.month = scanner.name(k_months);
  scanner.literal("-");
  const int short_year = scanner.number(2);
  moment.year = short_year + (short_year < k_century_pivot ? 2000 : 1900);
  scanner.literal(" ");
  read_time(scanner, moment);
  scanner.literal(" GMT");
  return to_seconds(scanner, moment);
}

/// Sun Nov  6 08:49:37 1994
std::optional<std::int64_t> parse_asctime(std::string_view text) noexcept {
  Scanner scanner(text);
  Moment moment;
  scanner.name(k_days);
  scanner.literal(" ");
  moment.month = scanner.name(k_months);
  scanner.literal(" ");
  moment.day = scanner.number(2, true);
  scanner.literal(" ");
  read_time(scanner, moment);
  scanner.literal(" ");
  moment.year = scanner.number(4);
  return to_seconds(scanner, moment);
}

}  // namespace

std::string format_date(std::int64_t seconds) {
  using namespace std::chrono;
  const sys_seconds moment{std::chrono::seconds{std::clamp(seconds, k_min_seconds, k_max_seconds)}};
  const sys_days midnight = floor<days>(moment);
  const year_month_day date{midnight};
  const hh_mm_ss time{moment - midnight};
  const std::string_view day_name = k_days[weekday{midnight}.c_encoding()];
  const std::string_view month_name = k_months[static_cast<unsigned>(date.month()) - 1];
  std::array<char, 40> text{};
  const int length = std::snprintf(
      text.data(), text.size(), "%.3s, %02u %.3s %04d %02d:%02d:%02d GMT", day_name.data(),
      static_cast<unsigned>(date.day()), month_name.data(), static_cast<int>(date.year()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()));
  return {text.data(), static_cast<std::size_t>(length)};
}

std::optional<std::int64_t> parse_date(std::string_view text) noexcept {
  if (const auto seconds = parse_imf(text)) return seconds;
  if (const auto seconds = parse_rfc850(text)) return seconds;
  return parse_asctime(text);
}

}  // namespace pulse2::http
