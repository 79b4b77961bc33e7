#include "mirroring/output.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace pulse2::mirroring {

namespace {

constexpr std::size_t k_longest_line = 1000;
constexpr std::size_t k_last_lines = 6;
constexpr std::size_t k_first_differences = 5;

/// The name in a line of `-i` (rsync(1), --itemize-changes) that stands for a difference in
/// content, empty for all other lines.
std::string_view difference_in(std::string_view line) {
  constexpr std::string_view k_deleting = "*deleting ";
  if (line.starts_with(k_deleting)) return base::trim(line.substr(k_deleting.size()));
  const auto blank = line.find(' ');
  // YXcstpoguax: eleven letters; what was done, the kind of file, and what differs.
  if (blank == std::string_view::npos || blank < 9 || blank > 11) return {};
  const std::string_view item = line.substr(0, blank);
  constexpr std::string_view k_changes = "<>ch";
  constexpr std::string_view k_kinds = "fdLDS";
  if (k_changes.find(item[0]) == std::string_view::npos) return {};
  if (k_kinds.find(item[1]) == std::string_view::npos) return {};
  return line.substr(blank + 1);
}

}  // namespace

void Output::add(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto end = bytes.find_first_of("\r\n");
    const auto part = bytes.substr(0, end);
    m_line.append(part.substr(0, k_longest_line - std::min(m_line.size(), k_longest_line)));
    if (end == std::string_view::npos) return;
    take_line();
    bytes.remove_prefix(end + 1);
  }
}

void Output::finish() {
  take_line();
}

void Output::take_line() {
  const auto name = difference_in(m_line);
  if (!name.empty()) {
    ++m_differences;
    if (m_first_differences.size() < k_first_differences) {
      m_first_differences.push_back(base::printable(name));
    }
  } else if (!base::trim(m_line).empty()) {
    m_last.push_back(base::printable(base::trim(m_line), 300));
    if (m_last.size() > k_last_lines) m_last.pop_front();
  }
  m_line.clear();
}

std::string Output::last_lines() const {
  return base::join(m_last, "; ");
}

bool Output::tells_of_full_disk() const {
  return std::any_of(m_last.begin(), m_last.end(), [](const std::string& line) {
    return line.find("No space left on device") != std::string::npos ||
           line.find("Disk quota exceeded") != std::string::npos;
  });
}

}  // namespace pulse2::mirroring
