#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pulse2::base {

/// Parts of every day, such as `20:00-06:00,12:00-13:00`: from the first minute to just before the
/// second, over midnight where the second is the smaller one. Times are those of the local clock.
class DayWindows {
 public:
  /// The whole day.
  DayWindows() = default;
  /// Nothing for a text of another form, and for a window without length. `24:00` is midnight.
  [[nodiscard]] static std::optional<DayWindows> parse(std::string_view text);

  /// Whether the windows leave nothing out.
  [[nodiscard]] bool is_whole_day() const noexcept { return m_windows.empty(); }
  /// `minute` of the day, 0 to 1439.
  [[nodiscard]] bool contains(int minute) const noexcept;
  /// Minutes from `minute` until a window is open; 0 when one is.
  [[nodiscard]] int minutes_until_open(int minute) const noexcept;
  /// As it is parsed; empty for the whole day.
  [[nodiscard]] std::string text() const;

  bool operator==(const DayWindows&) const = default;

 private:
  struct Window {
    int begin = 0;
    int end = 0;  ///< 1 to 1440
    bool operator==(const Window&) const = default;
  };
  std::vector<Window> m_windows;
};

}  // namespace pulse2::base
