#include "os/process_environment.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "os/file.hpp"
#include "os/walk.hpp"

namespace pulse2::os {

namespace {

constexpr const char* k_usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/// More than any environment: the kernel's own limit for arguments is a quarter of the stack.
constexpr std::uint64_t k_most_bytes = 4U << 20U;

bool has_in_environment(const std::string& process, std::string_view entry) {
  const auto environment = read_file("/proc/" + process + "/environ", k_most_bytes);
  if (!environment) return false;
  const auto entries = base::split(*environment, '\0');
  return std::find(entries.begin(), entries.end(), entry) != entries.end();
}

}  // namespace

std::vector<std::string> small_environment(const std::vector<std::string>& kept) {
  std::vector<std::string> names = {"HOME", "USER", "LOGNAME"};
  names.insert(names.end(), kept.begin(), kept.end());
  const char* path = std::getenv("PATH");
  std::vector<std::string> environment = {
      std::string("PATH=") + (path == nullptr ? k_usual_path : path), "LC_ALL=C.UTF-8"};
  for (const auto& name : names) {
    const char* value = std::getenv(name.c_str());
    if (value != nullptr) environment.push_back(name + "=" + value);
  }
  return environment;
}

std::size_t kill_processes_with(std::string_view entry) {
  const auto folder = open_file("/proc", O_RDONLY | O_DIRECTORY);
  if (!folder) return 0;
  const auto items = list_folder(folder->get());
  if (!items) return 0;
  std::size_t count = 0;
  for (const auto& item : *items) {
    const auto id = base::parse_integer<pid_t>(item.name);
    if (!id || *id == ::getpid() || !has_in_environment(item.name, entry)) continue;
    if (::kill(*id, SIGKILL) == 0) ++count;
  }
  return count;
}

}  // namespace pulse2::os
