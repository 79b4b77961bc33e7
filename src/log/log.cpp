#include "log/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/syslog_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

#include "base/text.hpp"

namespace pulse2::log {
namespace {

/// Longer than any message of ours; what a client sent is cut before it gets here.
constexpr std::size_t k_longest_line = 4000;

spdlog::level::level_enum to_spdlog(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
    case Level::critical:
      return spdlog::level::critical;
  }
  return spdlog::level::critical;
}

spdlog::sink_ptr make_sink(Output output) {
  if (output == Output::syslog) {
    auto sink = std::make_shared<spdlog::sinks::syslog_sink_mt>("pulse2-package-server", LOG_PID,
                                                                LOG_DAEMON, true);
    sink->set_pattern("%v");  // syslog adds the time
    return sink;
  }
  auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  sink->set_pattern("%Y-%m-%d %H:%M:%S,%e %v");
  return sink;
}

std::shared_ptr<spdlog::logger> make_logger(Level level, Output output) {
  auto logger = std::make_shared<spdlog::logger>("main", make_sink(output));
  logger->set_level(to_spdlog(level));
  logger->flush_on(spdlog::level::debug);
  return logger;
}

/// The logger in use, behind a mutex: std::atomic<std::shared_ptr> of libstdc++ 12 is reported by
/// the thread sanitizer.
class CurrentLogger {
 public:
  [[nodiscard]] std::shared_ptr<spdlog::logger> get() const {
    const std::lock_guard lock(m_mutex);
    return m_logger;
  }
  void set(std::shared_ptr<spdlog::logger> logger) {
    const std::lock_guard lock(m_mutex);
    m_logger = std::move(logger);
  }

 private:
  mutable std::mutex m_mutex;
  std::shared_ptr<spdlog::logger> m_logger = make_logger(Level::info, Output::standard_error);
};

/// A function-local static, so that it exists before any other static object that logs.
CurrentLogger& current() {
  static CurrentLogger logger;
  return logger;
}

std::string_view level_name(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return "DEBUG";
    case Level::info:
      return "INFO";
    case Level::warning:
      return "WARNING";
    case Level::error:
      return "ERROR";
    case Level::critical:
      return "CRITICAL";
  }
  return "CRITICAL";
}

}  // namespace

void start(Level level, Output output) {
  current().set(make_logger(level, output));
}

void stop() noexcept {
  try {
    current().get()->flush();
    current().set(make_logger(Level::info, Output::standard_error));
  } catch (...) {
    // Nowhere left to report to.
  }
}

bool enabled(Level level) noexcept {
  try {
    return current().get()->should_log(to_spdlog(level));
  } catch (...) {
    return false;
  }
}

std::string one_line(std::string_view id, std::string_view message) {
  std::string line{id};
  line += ": ";
  line += base::printable(message, k_longest_line);
  return line;
}

void write(Level level, std::string_view id, std::string_view message) noexcept {
  try {
    std::string line{level_name(level)};
    line += ' ';
    line += one_line(id, message);
    current().get()->log(to_spdlog(level), spdlog::string_view_t{line.data(), line.size()});
  } catch (...) {
    // A log that cannot be written must not stop the server.
  }
}

}  // namespace pulse2::log
