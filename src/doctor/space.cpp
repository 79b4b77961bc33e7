#include <sys/statvfs.h>

#include <cerrno>
#include <map>

#include "base/text.hpp"
#include "doctor/probes.hpp"
#include "os/file.hpp"

namespace pulse2::doctor {
namespace {

constexpr std::uint64_t k_least_files_percent = 1;

/// A file system and the folders that the server needs on it.
using FileSystems = std::map<std::uint64_t, std::string>;  // device -> one of the folders

FileSystems file_systems(const config::Settings& settings) {
  FileSystems found;
  const auto add = [&found](const std::string& folder) {
    if (const auto status = os::status_of(folder)) found.insert({status->device, folder});
  };
  for (const auto& src : settings.sources())
    add(src);
  add(settings.main.state_dir);
  for (const auto& put : settings.package_api_puts)
    add(put.tmp_input_dir);
  if (settings.imaging_api) {
    add(settings.imaging_api->masters_folder);
    add(settings.imaging_api->isos_folder);
  }
  return found;
}

std::string size_text(std::uint64_t bytes) {
  return base::human_size(static_cast<double>(bytes));
}

Finding look_at(const std::string& folder, const config::FreeSpaceReserve& reserve) {
  struct statvfs facts {};
  if (::statvfs(folder.c_str(), &facts) != 0) {
    return skip(base::errno_error(errno, folder).for_operator(), "look at the file system");
  }
  const std::uint64_t total = std::uint64_t{facts.f_blocks} * facts.f_frsize;
  const std::uint64_t free = std::uint64_t{facts.f_bavail} * facts.f_frsize;
  const std::uint64_t kept = reserve.of(total);
  const std::string text = folder + ": " + size_text(free) + " of " + size_text(total) + " free";
  if (facts.f_files > 0 && facts.f_favail < facts.f_files / 100 * k_least_files_percent) {
    return fault(folder + ": hardly any new file fits (inodes)",
                 "remove files that are not needed");
  }
  if (free < kept) {
    return fault(text + ", less than the " + size_text(kept) + " of [main] free_space_reserve",
                 "make room: uploads are refused until then");
  }
  if (free / 2 < kept) return doubt(text + ", not much above the reserve", "make room soon");
  return good(text);
}

}  // namespace

Findings probe_space(const Subject& subject) {
  Findings findings;
  for (const auto& [device, folder] : file_systems(subject.settings()))
    findings.push_back(look_at(folder, subject.settings().main.free_space_reserve));
  return findings;
}

}  // namespace pulse2::doctor
