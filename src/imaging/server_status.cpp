#include "imaging/server_status.hpp"

#include <fcntl.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <utility>

#include "base/text.hpp"
#include "log/log.hpp"
#include "os/file.hpp"
#include "os/tree.hpp"

namespace pulse2::imaging {

using xmlrpc::Array;
using xmlrpc::Struct;
using xmlrpc::Value;

namespace {

constexpr std::uint64_t k_longest_proc_file = 1U << 20U;
constexpr std::uint64_t k_mib = 1U << 20U;

std::map<std::string_view, std::uint64_t> read_meminfo(std::string_view meminfo) {
  std::map<std::string_view, std::uint64_t> values;
  for (const std::string_view line : base::split(meminfo, '\n')) {
    const auto words = base::split_words(line);
    if (words.size() < 2 || !words[0].ends_with(':')) continue;
    const auto value = base::parse_integer<std::uint64_t>(words[1]);
    if (value) values[words[0].substr(0, words[0].size() - 1)] = *value;
  }
  return values;
}

template <class... Columns>
std::string row(const char* format, Columns... columns) {
  std::array<char, 256> text{};
  const int size = std::snprintf(text.data(), text.size(), format, columns...);
  return {text.data(), static_cast<std::size_t>(size)};
}

unsigned long long minus(std::uint64_t a, std::uint64_t b) {
  return a > b ? a - b : 0;
}

Array to_array(const std::vector<std::string>& lines) {
  Array array;
  for (const auto& line : lines)
    array.emplace_back(line);
  return array;
}

/// [percent used, MB free]
Array space_of_folder(const std::string& path) {
  const auto folder = os::open_file(path, O_RDONLY | O_DIRECTORY);
  const auto space = folder ? os::space_of(folder->get()) : base::Expected<os::Space>(os::Space{});
  if (!space || space->total == 0) return {0, 0};
  const std::uint64_t used = minus(space->total, space->free);
  return {used * 100 / space->total, space->free / k_mib};
}

Struct image_counts(const std::string& folder) {
  const auto counts = Images(folder).count();
  if (!counts) {
    log::warning("imaging.status.incomplete", "{}", counts.error().for_operator());
    return {{"rescue", 0}, {"master", 0}, {"total", 0}};
  }
  return {{"rescue", counts->rescue}, {"master", counts->master}, {"total", counts->total}};
}

}  // namespace

std::vector<std::string> memory_lines(std::string_view meminfo) {
  auto values = read_meminfo(meminfo);
  const auto total = values["MemTotal"];
  const auto available = values["MemAvailable"];
  const auto cache = values["Buffers"] + values["Cached"] + values["SReclaimable"];
  const auto swap = values["SwapTotal"];
  const auto swap_free = values["SwapFree"];
  const auto wide = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  return {row("%20s %11s %11s %11s %11s %11s", "total", "used", "free", "shared", "buff/cache",
              "available"),
          row("Mem:     %11llu %11llu %11llu %11llu %11llu %11llu", wide(total),
              minus(total, available), wide(values["MemFree"]), wide(values["Shmem"]), wide(cache),
              wide(available)),
          row("Swap:    %11llu %11llu %11llu", wide(swap), minus(swap, swap_free), wide(swap_free)),
          ""};
}

Struct server_status(const std::string& masters_folder,
                     const std::vector<std::string>& disk_lines) {
  const auto meminfo = os::read_file("/proc/meminfo", k_longest_proc_file);
  const auto uptime = os::read_file("/proc/uptime", k_longest_proc_file);
  return {{"space_available", space_of_folder(masters_folder)},
          {"mem_info", to_array(memory_lines(meminfo.value_or("")))},
          {"disk_info", to_array(disk_lines)},
          {"uptime", uptime.value_or("")},
          {"stats", image_counts(masters_folder)}};
}

}  // namespace pulse2::imaging
