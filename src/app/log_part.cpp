#include "app/log_part.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "log/log.hpp"
#include "os/file.hpp"

namespace pulse2::app {
namespace {

/// Lets each file go on where it ends: mode `w` is for a start.
void never_truncate(config::LoggingPlan& plan) {
  for (auto& handler : plan.handlers) {
    if (auto* file = std::get_if<config::FileTarget>(&handler.target)) file->truncate = false;
    if (auto* file = std::get_if<config::SizeRotatedTarget>(&handler.target))
      file->truncate = false;
  }
}

/// All files that a plan writes to.
std::vector<std::string> files_of(const config::LoggingPlan& plan) {
  std::vector<std::string> files;
  for (const auto& handler : plan.handlers)
    files.push_back(config::file_of(handler.target));
  files.push_back(plan.access_log);
  files.erase(std::remove(files.begin(), files.end(), std::string()), files.end());
  return files;
}

base::Expected<void> check_log_file(const std::string& path) {
  const auto file = os::open_file(path, O_WRONLY | O_APPEND | O_NONBLOCK);
  if (file) return {};
  if (file.error().kind == base::ErrorKind::not_found) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    if (access(folder.empty() ? "." : folder.c_str(), W_OK | X_OK) == 0) return {};
  }
  return base::fail(file.error().kind, "log file " + file.error().for_operator());
}

}  // namespace

base::Expected<Reloader::Commit> prepare_log(const Configuration& running,
                                             const Configuration& next) {
  const config::LoggingPlan before = logging_of(running);
  config::LoggingPlan after = logging_of(next);
  // Files opened with the rights of the start may be out of reach now: they stay open.
  if (after == before) return [] { log::reopen(); };
  const auto open = files_of(before);
  for (const std::string& path : files_of(after)) {
    if (std::find(open.begin(), open.end(), path) == open.end()) PULSE2_TRY(check_log_file(path));
  }
  never_truncate(after);
  return [after = std::move(after)] { log::start(after); };
}

}  // namespace pulse2::app
