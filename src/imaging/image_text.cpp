#include "imaging/image_text.hpp"

#include <algorithm>
#include <limits>

#include "base/text.hpp"

namespace pulse2::imaging {

std::optional<std::uint64_t> parse_image_size(std::string_view text) {
  constexpr std::uint64_t k_kib = 1024;
  const auto first = text.find_first_of("0123456789");
  if (first == std::string_view::npos) return std::nullopt;
  text.remove_prefix(first);
  const auto size =
      base::parse_integer<std::uint64_t>(text.substr(0, text.find_first_not_of("0123456789")));
  if (!size || *size > std::numeric_limits<std::uint64_t>::max() / k_kib) return std::nullopt;
  return *size * k_kib;
}

bool tells_of_error(std::string_view log) {
  const auto lines = base::split(log, '\n');
  return std::any_of(lines.begin(), lines.end(),
                     [](std::string_view line) { return line.starts_with("ERROR: "); });
}

bool tells_of_rescue(std::string_view log) {
  const auto words = base::split_words(log);
  return std::find(words.begin(), words.end(), "revorescue") != words.end();
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size() - 1) + 1;
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return lines;
}

std::string conf_entry(std::string_view conf, std::string_view key) {
  for (std::string_view line : base::split(conf, '\n')) {
    line = base::trim(line);
    if (!line.starts_with(key)) continue;
    const auto rest = line.substr(key.size());
    if (!rest.empty() && base::trim(rest).size() < rest.size())
      return std::string(base::trim(rest));
  }
  return {};
}

}  // namespace pulse2::imaging
