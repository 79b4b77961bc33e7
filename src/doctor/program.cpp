#include "doctor/program.hpp"

#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "os/file.hpp"

namespace pulse2::doctor {
namespace {

bool may_run(const std::string& path) {
  const auto status = os::status_of(path);
  return status && status->is_regular() && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return may_run(name) ? std::optional(name) : std::nullopt;
  }
  const char* path = std::getenv("PATH");
  for (const auto folder : base::split(path == nullptr ? "/usr/bin:/bin" : path, ':')) {
    std::string file = std::string(folder) + '/' + name;
    if (!folder.empty() && may_run(file)) return file;
  }
  return std::nullopt;
}

}  // namespace pulse2::doctor
