#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace pulse2::mirroring {

/// What a run wrote: the last lines, and the differences that a verification (`-i`) found. Bounded,
/// whatever the program writes.
class Output {
 public:
  void add(std::string_view bytes);
  /// The end of the output: a line without a line break counts too.
  void finish();

  /// The last lines, joined by "; ", escaped for the log; empty without output.
  [[nodiscard]] std::string last_lines() const;
  /// Files and folders that a copy would send, make or remove. What differs in times and rights
  /// only is no difference.
  [[nodiscard]] std::uint64_t differences() const noexcept { return m_differences; }
  /// The first names of them, escaped for the log.
  [[nodiscard]] const std::vector<std::string>& first_differences() const noexcept {
    return m_first_differences;
  }
  /// Whether the last lines tell that the target's disk is full.
  [[nodiscard]] bool tells_of_full_disk() const;

 private:
  void take_line();

  std::string m_line;
  std::deque<std::string> m_last;
  std::uint64_t m_differences = 0;
  std::vector<std::string> m_first_differences;
};

}  // namespace pulse2::mirroring
