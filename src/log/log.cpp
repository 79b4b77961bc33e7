#include "log/log.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <memory>
#include <mutex>
#include <vector>

#include "base/text.hpp"
#include "config/load.hpp"
#include "log/background_file.hpp"
#include "log/line_text.hpp"
#include "log/output.hpp"

namespace pulse2::log {
namespace {

using config::LogLevel;

/// Longer than any message of ours; what a client sent is cut before it gets here.
constexpr std::size_t k_longest_line = 4000;

spdlog::level::level_enum to_spdlog(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::notset:
      return spdlog::level::trace;
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::critical:
      return spdlog::level::critical;
  }
  return spdlog::level::critical;
}

LogLevel from_spdlog(spdlog::level::level_enum level) noexcept {
  switch (level) {
    case spdlog::level::trace:
    case spdlog::level::debug:
      return LogLevel::debug;
    case spdlog::level::info:
      return LogLevel::info;
    case spdlog::level::warn:
      return LogLevel::warning;
    case spdlog::level::err:
      return LogLevel::error;
    default:
      return LogLevel::critical;
  }
}

LogLevel to_plan(Level level) noexcept {
  switch (level) {
    case Level::debug:
      return LogLevel::debug;
    case Level::info:
      return LogLevel::info;
    case Level::warning:
      return LogLevel::warning;
    case Level::error:
      return LogLevel::error;
    case Level::critical:
      return LogLevel::critical;
  }
  return LogLevel::critical;
}

/// A handler of the plan.
class HandlerSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit HandlerSink(const config::HandlerPlan& plan)
      : m_format(plan.format), m_json(plan.json), m_output(make_output(plan.target)) {
    set_level(to_spdlog(plan.level));
  }

  void reopen() {
    const std::lock_guard lock(mutex_);
    m_output->reopen();
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    Record record;
    record.level = from_spdlog(message.level);
    record.logger = {message.logger_name.data(), message.logger_name.size()};
    record.message = {message.payload.data(), message.payload.size()};
    record.time = message.time;
    record.process = getpid();
    record.thread = message.thread_id;
    m_output->write(m_json ? render_json(record) : render(m_format, record), record.level,
                    std::chrono::system_clock::to_time_t(record.time));
  }
  void flush_() override {}

 private:
  config::LineFormat m_format;
  bool m_json;
  std::unique_ptr<Output> m_output;
};

using Sinks = std::vector<std::shared_ptr<HandlerSink>>;

spdlog::logger make_logger(std::string name, const config::LoggerPlan& plan, const Sinks& sinks) {
  std::vector<spdlog::sink_ptr> own;
  for (const std::size_t handler : plan.handlers)
    own.push_back(sinks.at(handler));
  spdlog::logger logger(std::move(name), own.begin(), own.end());
  logger.set_level(to_spdlog(plan.level));
  return logger;
}

/// Everything that one plan makes.
struct Loggers {
  Sinks sinks;
  spdlog::logger root;
  spdlog::logger imaging;
  std::unique_ptr<BackgroundFile> access;  ///< null: none
  bool access_json;

  explicit Loggers(const config::LoggingPlan& plan)
      : sinks(make_sinks(plan)),
        root(make_logger("root", plan.root, sinks)),
        imaging(make_logger("imaging", plan.imaging, sinks)),
        access(plan.access_log.empty() ? nullptr
                                       : std::make_unique<BackgroundFile>(plan.access_log)),
        access_json(plan.access_json) {}

  static Sinks make_sinks(const config::LoggingPlan& plan) {
    Sinks sinks;
    for (const config::HandlerPlan& handler : plan.handlers) {
      sinks.push_back(std::make_shared<HandlerSink>(handler));
    }
    return sinks;
  }

  spdlog::logger& of(std::string_view id) {
    return id.starts_with("imaging.") || id.starts_with("pxe.") ? imaging : root;
  }
};

/// The loggers in use, behind a mutex: std::atomic<std::shared_ptr> of libstdc++ 12 is reported by
/// the thread sanitizer.
class CurrentLoggers {
 public:
  [[nodiscard]] std::shared_ptr<Loggers> get() const {
    const std::lock_guard lock(m_mutex);
    return m_loggers;
  }
  void set(const config::LoggingPlan& plan) {
    auto loggers = std::make_shared<Loggers>(plan);
    const std::lock_guard lock(m_mutex);
    m_loggers.swap(loggers);
  }

 private:
  mutable std::mutex m_mutex;
  std::shared_ptr<Loggers> m_loggers = std::make_shared<Loggers>(config::default_logging(false));
};

/// A function-local static, so that it exists before any other static object that logs.
CurrentLoggers& current() {
  static CurrentLoggers loggers;
  return loggers;
}

}  // namespace

void start(const config::LoggingPlan& plan) {
  current().set(plan);
}

void start(Level level) {
  config::LoggingPlan plan = config::default_logging(false);
  plan.handlers.front().level = plan.root.level = plan.imaging.level = to_plan(level);
  start(plan);
}

void reopen() noexcept {
  try {
    const auto loggers = current().get();
    for (const auto& sink : loggers->sinks)
      sink->reopen();
    if (loggers->access) loggers->access->reopen();
  } catch (...) {
    // Out of memory: what is open stays in use.
  }
}

void access(const AccessRecord& record) noexcept {
  try {
    const auto loggers = current().get();
    if (!loggers->access) return;
    const auto line = loggers->access_json ? access_json(record) : access_line(record);
    const auto lost = loggers->access->write(line);
    if (lost > 0) log::warning("log.access_lost", "{} lines of the access log were lost", lost);
  } catch (...) {
    // A log that cannot be written must not stop the server.
  }
}

void stop() noexcept {
  try {
    start(config::default_logging(false));
  } catch (...) {
    // Nowhere left to report to.
  }
}

bool enabled(Level level, std::string_view id) noexcept {
  try {
    return current().get()->of(id).should_log(to_spdlog(to_plan(level)));
  } catch (...) {
    return false;
  }
}

std::string one_line(std::string_view id, std::string_view message) {
  std::string line{id};
  line += ": ";
  // Addresses that clients or the configuration name may carry passwords.
  const bool has_url = message.find("://") != std::string_view::npos;
  line += base::printable(has_url ? config::hide_credentials(std::string(message)) : message,
                          k_longest_line);
  return line;
}

void write(Level level, std::string_view id, std::string_view message) noexcept {
  try {
    const std::string line = one_line(id, message);
    const auto loggers = current().get();
    loggers->of(id).log(to_spdlog(to_plan(level)), spdlog::string_view_t{line.data(), line.size()});
  } catch (...) {
    // A log that cannot be written must not stop the server.
  }
}

}  // namespace pulse2::log
