#include "package/md5sums.hpp"

#include <algorithm>
#include <optional>

#include "base/text.hpp"
#include "package/xml_text.hpp"

namespace pulse2::package {
namespace {

using base::Expected;

constexpr std::size_t k_md5_digits = 32;

bool is_hexadecimal(std::string_view text) {
  return text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

/// The name behind md5sum's escapes; nothing for an unknown one.
std::optional<std::string> unescape_name(std::string_view name) {
  std::string result;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] != '\\') {
      result += name[i];
      continue;
    }
    if (++i == name.size()) return std::nullopt;
    if (name[i] == 'n') {
      result += '\n';
    } else if (name[i] == 'r') {
      result += '\r';
    } else if (name[i] == '\\') {
      result += '\\';
    } else {
      return std::nullopt;
    }
  }
  return result;
}

std::string escape_name(std::string_view name) {
  std::string result;
  for (const char c : name) {
    if (c == '\n') {
      result += "\\n";
    } else if (c == '\r') {
      result += "\\r";
    } else if (c == '\\') {
      result += "\\\\";
    } else {
      result += c;
    }
  }
  return result;
}

Expected<Md5Line> parse_line(std::string_view text, std::size_t number) {
  const bool is_escaped = text.starts_with('\\');
  if (is_escaped) text.remove_prefix(1);
  const std::string_view digits = text.substr(0, k_md5_digits);
  if (digits.size() != k_md5_digits || !is_hexadecimal(digits)) {
    return fail_at_line(number, "no MD5 sum of 32 hexadecimal digits");
  }
  text.remove_prefix(k_md5_digits);
  if (!text.starts_with("  ") && !text.starts_with(" *")) {
    return fail_at_line(number, "no two blanks behind the sum");
  }
  text.remove_prefix(2);
  if (text.starts_with("./")) text.remove_prefix(2);
  if (text.empty()) return fail_at_line(number, "no file name");
  const auto name = is_escaped ? unescape_name(text) : std::string(text);
  if (!name) return fail_at_line(number, "an unknown escape in the file name");
  return Md5Line{base::to_lower(digits), *name};
}

}  // namespace

Expected<std::vector<Md5Line>> parse_md5sums(std::string_view text) {
  std::vector<Md5Line> lines;
  std::size_t number = 0;
  for (std::string_view line : base::split(text, '\n')) {
    ++number;
    // A file name that ends with a CR is escaped: this one belongs to the line end.
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    auto parsed = parse_line(line, number);
    if (!parsed) return tl::unexpected(std::move(parsed).error());
    lines.push_back(*std::move(parsed));
  }
  return lines;
}

std::string format_md5sums(std::vector<Md5Line> lines) {
  std::sort(lines.begin(), lines.end(),
            [](const Md5Line& a, const Md5Line& b) { return a.path < b.path; });
  std::string text;
  for (const Md5Line& line : lines) {
    const std::string name = escape_name(line.path);
    if (name != line.path) text += '\\';
    text += line.md5 + "  " + name + "\n";
  }
  return text;
}

}  // namespace pulse2::package
