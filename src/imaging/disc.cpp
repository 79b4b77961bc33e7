#include "imaging/disc.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "bootmenu/code_page_437.hpp"

namespace pulse2::imaging {
namespace {

constexpr std::size_t k_most_volumes = 1000;
constexpr std::size_t k_longest_label = 32;

bool is_continuation(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '=' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return line;
}

}  // namespace

bool is_needed_to_boot(std::string_view file) {
  constexpr std::array<std::string_view, 4> k_needed = {"conf.txt", "size.txt", "PTABS", "CONF"};
  return std::find(k_needed.begin(), k_needed.end(), file) != k_needed.end();
}

base::Expected<std::vector<Volume>> plan_volumes(const std::vector<Images::File>& files,
                                                 std::uint64_t boot_size, std::uint64_t capacity) {
  std::vector<Volume> volumes(1);
  std::uint64_t used = boot_size;
  for (const auto& file : files) {
    if (is_needed_to_boot(file.name)) continue;
    const bool fits = used <= capacity && file.size <= capacity - used;
    const bool is_empty = volumes.back().empty() && volumes.size() > 1;
    if (!fits && !is_empty) {
      volumes.emplace_back();
      used = 0;
    }
    volumes.back().push_back(file.name);
    used += file.size;
    if (volumes.size() > k_most_volumes) {
      return base::fail(base::ErrorKind::limit_exceeded,
                        "the image would take more than 1000 volumes");
    }
  }
  return volumes;
}

std::string disc_menu(std::string_view title, std::string_view description) {
  return bootmenu::to_code_page_437(
      "color 6/0\ndefault 0\ntitle Local Hard Disk / Disque Dur Local\n"
      "desc Boot on the 1st local HD\nroot (hd0)\nchainloader +1\ntitle " +
      one_line(title) + "\ndesc " + one_line(description) +
      "\nkernel (cd)/bzImage revorestorenfs revosavedir=/cdrom quiet revonospc\n"
      "initrd (cd)/initrd\n");
}

std::string volume_label(std::string_view title) {
  std::size_t size = std::min(title.size(), k_longest_label);
  while (size > 0 && size < title.size() && is_continuation(title[size]))
    --size;
  return std::string(title.substr(0, size));
}

std::string graft_point(std::string_view name, std::string_view path) {
  return escaped(name) + "=" + escaped(path);
}

std::optional<int> progress_of(std::string_view line) {
  constexpr std::string_view k_sign = "% done";
  const auto sign = line.find(k_sign);
  if (sign == std::string_view::npos) return std::nullopt;
  const auto from = line.find_last_not_of("0123456789.", sign - 1) + 1;
  const auto number = line.substr(from, sign - from);
  const auto percent = base::parse_integer<int>(number.substr(0, number.find('.')));
  if (!percent || *percent < 0 || *percent > 100) return std::nullopt;
  return percent;
}

std::string disc_name(std::string_view title, int attempt, std::size_t volume) {
  std::string name(title);
  if (attempt > 1) name += "-" + std::to_string(attempt);
  return name + "-" + std::to_string(volume) + ".iso";
}

}  // namespace pulse2::imaging
